import { setTimeout as sleep } from 'node:timers/promises'
import type { Watching } from './driver.ts'

const PAUSE_MS = 1_000

/**
 * A watch over a connection of its own. `watchOnce` opens one, calls `live` once changes are told, and settles when it has
 * ended: by `signal`, or because it broke. Then it is opened anew after a second; false: never.
 */
export function keepWatching(
  changed: () => void,
  watchOnce: (signal: AbortSignal, live: () => void) => Promise<boolean>,
): Watching {
  const stopping = new AbortController()
  const { signal } = stopping
  let isLive = false
  const live = (): void => {
    isLive = true
    changed() // what was appended before
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const mayWork = await watchOnce(signal, live).catch(() => true)
      isLive = false
      if (!mayWork) return
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  }
  void run()
  return {
    get isLive() {
      return isLive
    },
    stop: () => stopping.abort(),
  }
}
