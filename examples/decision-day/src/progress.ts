const PLAIN_LINES = 5

export interface Progress {
  readonly onDay: () => void
  readonly end: () => void
}

/** Says how far a run is: one line that is rewritten on a terminal, a few lines elsewhere. */
export function startProgress(total: number): Progress {
  const { isTTY } = process.stdout
  let done = 0
  return {
    onDay() {
      done++
      const text = `day ${done} of ${total}`
      if (isTTY) process.stdout.write(`\r${text}`)
      else if (done % Math.ceil(total / PLAIN_LINES) === 0) console.log(text)
    },
    end() {
      if (isTTY) process.stdout.write('\n')
    },
  }
}
