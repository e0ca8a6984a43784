import type { Scenario } from './scenario.ts'
import { SIDE, type ScenarioResult } from './verdict.ts'

/** Tells on a stream how a run gets on: a line per group of scenarios, and on a terminal the one that runs now. */
export interface Progress {
  readonly started: (scenario: Scenario) => void
  readonly finished: (result: ScenarioResult) => void
  readonly note: (text: string) => void
  readonly end: () => void
}

const groupOf = ({ id }: { readonly id: string }): string => id.split('/')[0] ?? id

export function startProgress(stream: NodeJS.WriteStream): Progress {
  const live = stream.isTTY
  const wipe = live ? '\r\u001B[K' : ''
  let group = ''
  let results: ScenarioResult[] = []

  const flush = (): void => {
    if (results.length === 0) return
    const of = (side: string) => results.filter(({ verdict }) => SIDE[verdict] === side).length
    const parts = ['passed', 'failed', 'skipped'].flatMap((side) =>
      of(side) === 0 ? [] : [`${of(side)} ${side}`],
    )
    const took = results.reduce((sum, { durationMs }) => sum + durationMs, 0)
    stream.write(`${wipe}${of('failed') === 0 ? '✓' : '✗'} ${group}: ${parts.join(', ')} (${took} ms)\n`)
    results = []
  }

  return {
    started(scenario) {
      if (groupOf(scenario) !== group) flush()
      group = groupOf(scenario)
      if (live) stream.write(`${wipe}  ${scenario.id}`)
    },
    finished: (one) => void results.push(one),
    note: (text) => void stream.write(`${wipe}${text}\n`),
    end: flush,
  }
}
