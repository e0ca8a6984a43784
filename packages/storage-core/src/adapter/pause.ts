import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits before another try, longer after each, at most `mostMs`; at random, so that writers that were in each other's
 * way part, and none has the better rhythm for long.
 */
export function pause(attempt: number, mostMs = 50): Promise<void> {
  return sleep(1 + Math.random() * Math.min(mostMs, 2 ** Math.min(attempt, 10)))
}
