const EVENTS = ['unhandledRejection', 'uncaughtException'] as const
const watching = new Set<unknown[]>()

function note(error: unknown): void {
  for (const strays of watching) strays.push(error)
}

/** Collects what nobody handles, rejections and exceptions, which would else end the process, until `end` tells it. */
export function watchStrays(): { end(): Promise<readonly unknown[]> } {
  const strays: unknown[] = []
  if (watching.size === 0) for (const event of EVENTS) process.on(event, note)
  watching.add(strays)
  return {
    async end() {
      await new Promise(setImmediate) // they are told after the promises that settle by now
      watching.delete(strays)
      if (watching.size === 0) for (const event of EVENTS) process.off(event, note)
      return strays
    },
  }
}
