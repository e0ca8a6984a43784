const watching = new Set<unknown[]>()

function note(error: unknown): void {
  for (const strays of watching) strays.push(error)
}

/** Collects rejections that nobody handles, which would else end the process, until `end` tells them. */
export function watchStrays(): { end(): Promise<readonly unknown[]> } {
  const strays: unknown[] = []
  if (watching.size === 0) process.on('unhandledRejection', note)
  watching.add(strays)
  return {
    async end() {
      await new Promise(setImmediate) // they are told after the promises that settle by now
      watching.delete(strays)
      if (watching.size === 0) process.off('unhandledRejection', note)
      return strays
    },
  }
}
