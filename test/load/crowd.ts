import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Crowd, crowd as job } from './crowd-jobs.ts'
import { median } from '../../bench/src/compare.ts'
import { type Figures, shortOf } from './figures.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./crowd-jobs.ts', import.meta.url).href)

interface Seen {
  readonly aSecond: number
  readonly longestMs: number
}

/** Several processes at the same few resources, and one process with as many callers, by turns. */
export async function crowd(module: string, { crowd: scale, timeoutMs }: Scale): Promise<Figures> {
  const { callers, milliseconds, rounds } = scale
  const where = { backend: module, namespace: freshNamespace(), scenario: 'crowd', seed: 1, timeoutMs }
  const few = callers / scale.processes
  const seeing = async (count: number, callersEach: number): Promise<Seen> => {
    const processes = createProcesses(where)
    const one = toJob(job, { callers: callersEach, milliseconds })
    try {
      const seen = (await processes.run(Array.from({ length: count }, () => one))) as Crowd[]
      const pairs = seen.reduce((sum, each) => sum + each.pairs, 0)
      return {
        aSecond: Math.round((pairs * 1_000) / milliseconds),
        longestMs: Math.round(Math.max(...seen.map(({ longestMs }) => longestMs))),
      }
    } finally {
      await processes.end()
    }
  }
  const [alone, beside, lonely]: [Seen[], Seen[], Seen[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    alone.push(await seeing(1, callers))
    beside.push(await seeing(scale.processes, few))
    lonely.push(await seeing(1, few))
  }
  const pairs = beside.reduce((sum, { aSecond }) => sum + aSecond, 0)
  return {
    part: 'crowd',
    ran: {
      [`pairs a second by one process of ${callers} callers`]: median(alone.map(({ aSecond }) => aSecond)),
      [`by one of ${few}`]: median(lonely.map(({ aSecond }) => aSecond)),
      [`by ${scale.processes} of ${few}`]: median(beside.map(({ aSecond }) => aSecond)),
      '% of the first': Math.round(
        100 * median(beside.map(({ aSecond }, round) => aSecond / (alone[round]?.aSecond ?? Number.NaN))),
      ),
      'ms the longest wait': Math.max(...beside.map(({ longestMs }) => longestMs)),
    },
    broken: {},
    short: shortOf({ pairs: [pairs, 1] }),
  }
}
