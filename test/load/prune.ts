import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { median } from '../../bench/src/compare.ts'
import { type Figures, shortOf } from './figures.ts'
import {
  type Parts,
  type Pruned,
  type Written,
  clock,
  fill,
  isOpen,
  look,
  prune,
  writeForEver,
} from './prune-jobs.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./prune-jobs.ts', import.meta.url).href)

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** Ends the old flows of a log while others write to the open ones, and is killed half-way, again and again. */
export async function pruneBesideWriters(
  module: string,
  { prune: scale, timeoutMs }: Scale,
): Promise<Figures> {
  const where = { backend: module, namespace: freshNamespace(), scenario: 'prune', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const { flows } = scale
  const done = range(flows).filter((n) => !isOpen(n))
  const written: Written[] = []
  let torn = 0

  const lookAt = async (which: readonly number[]): Promise<Parts[]> => {
    const [parts] = (await processes.run([toJob(look, { flows: which })])) as [Parts[]]
    return parts
  }
  const areTorn = (parts: readonly Parts[]): number =>
    parts.filter((one) => !['10,2,1', '0,0,0'].includes(one.slice(0, 3).join())).length

  /** One that is killed when so many flows are gone; null: to its end. */
  const run = async (most: number | null): Promise<Pruned | null> => {
    const [job] = await processes.start([toJob(prune, {})])
    if (job === undefined) throw new Error('No process was started.')
    const enough = Promise.withResolvers<null>()
    job.onAck((gone) => most !== null && (gone as number) >= most && enough.resolve(null))
    job.go()
    const answer = (await Promise.race([job.answer, enough.promise])) as Pruned | null
    await job.kill()
    return answer
  }

  try {
    await processes.run([toJob(fill, { flows })])
    const writers = await processes.start(range(scale.writers).map(() => toJob(writeForEver, { flows })))
    const begin = Promise.withResolvers<void>()
    const failed = Promise.race(writers.map((writer) => writer.answer)) as Promise<never>
    failed.catch(() => {}) // it is awaited where it counts
    for (const writer of writers) {
      writer.onAck((value) => {
        written.push(value as Written)
        if (written.length >= scale.writesBefore) begin.resolve()
      })
      writer.go()
    }
    await Promise.race([begin.promise, failed])

    const begun = clock()
    let kills = 0
    let last: Pruned | null = null
    while (last === null) {
      const share = (2 * Math.random() * done.length) / (scale.kills + 1)
      last = await Promise.race([run(kills < scale.kills ? 1 + Math.floor(share / 2) : null), failed])
      if (last !== null) break
      kills++
      torn += areTorn(
        await lookAt(range(scale.looks).map(() => done[Math.floor(Math.random() * done.length)] ?? 1)),
      )
    }
    const ended = clock()
    const again = await Promise.race([run(null), failed])
    await Promise.all(writers.map((writer) => writer.kill()))

    const parts = await lookAt(range(flows))
    const opened = parts.filter((_, n) => isOpen(n))
    const seen = opened.reduce((sum, one) => sum + one[3], 0)
    const times = (from: number, to: number): number[] =>
      written.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms)
    const [alone, beside] = [median(times(0, begun)), median(times(begun, ended))]
    return {
      part: 'prune',
      ran: {
        flows,
        kills,
        'seconds until all were gone': Math.round((ended - begun) / 1_000),
        'events written meanwhile': times(begun, ended).length,
        'microseconds a write took alone': Math.round(alone * 1_000),
        beside: Math.round(beside * 1_000),
        'MiB above the start': last.mebibytes,
      },
      broken: {
        'open flows touched': opened.filter(
          ([events, moves, session]) => events !== 10 || moves !== 1 || session !== 1,
        ).length,
        'old flows left': parts.filter((one, n) => !isOpen(n) && one[0] + one[1] + one[2] > 0).length,
        'torn after a kill': torn,
        'written events lost': Math.max(0, written.length - seen),
        'removed by a second run': again?.flows ?? 1,
      },
      short: shortOf({
        kills: [kills, scale.kills],
        'written meanwhile': [times(begun, ended).length, scale.writers],
      }),
    }
  } finally {
    await processes.end()
  }
}
