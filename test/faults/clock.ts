const TICK_MS = 10
/** Calls settle by their deadline, and this. */
const GRACE_MS = 250

/**
 * Tells late calls by the event loop's own time: what the machine takes from this process while others keep it busy
 * passes here without ticks, and is nobody's fault.
 */
export class Clock {
  #ticks = 0
  readonly #timer = setInterval(() => this.#ticks++, TICK_MS)

  /** Watches one call that begins now. @returns a function that says, when the call has settled, whether that was too late. */
  watch(deadlineMs: number): () => boolean {
    let endedAt: number | null = null
    const end = setTimeout(() => (endedAt = this.#ticks), deadlineMs)
    return () => {
      clearTimeout(end)
      return endedAt !== null && this.#ticks - endedAt > GRACE_MS / TICK_MS
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
