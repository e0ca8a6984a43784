const STOPS = 5

export interface Progress {
  readonly onDay: () => void
  readonly end: () => void
}

/** Says in one line how far a run is: it is rewritten on a terminal, and grows a little elsewhere. */
export function startProgress(total: number): Progress {
  const { isTTY } = process.stdout
  let done = 0
  let isBegun = false
  const write = (text: string): void => {
    isBegun = true
    process.stdout.write(text)
  }
  return {
    onDay() {
      done++
      if (isTTY) write(`\rday ${done} of ${total}`)
      else if (done % Math.ceil(total / STOPS) === 0) write(`${isBegun ? ' ' : 'days '}${done}`)
    },
    end() {
      if (isBegun) process.stdout.write('\n')
    },
  }
}
