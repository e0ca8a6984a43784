const PLAIN_LINES = 5

/** Says how far a run is: one line that is rewritten on a terminal, a few lines elsewhere. */
export function startProgress(total: number): () => void {
  let done = 0
  return () => {
    done++
    const text = `day ${done} of ${total}`
    if (process.stdout.isTTY) process.stdout.write(`\r${text}${done === total ? '\n' : ''}`)
    else if (done % Math.ceil(total / PLAIN_LINES) === 0) console.log(text)
  }
}
