import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Entry, follow, goOn, write } from './event-jobs.ts'
import { type Mistakes, judgeReader, rateOf, slowestOf99 } from './event-judge.ts'
import { type Figures, shortOf, total } from './figures.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./event-jobs.ts', import.meta.url).href)

const NAMES: readonly (keyof Mistakes)[] = ['missed', 'doubled', 'jumps', 'disordered']

/** Many processes append to one log while others read it: some follow, some go on after what they saw last. */
export async function events(
  part: 'events' | 'follow',
  module: string,
  { [part]: scale, timeoutMs }: Scale,
): Promise<Figures> {
  const where = { backend: module, namespace: freshNamespace(), scenario: 'events', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const each = Math.ceil(scale.events / scale.writers)
  const perWriter = scale.aSecond === null ? null : scale.aSecond / scale.writers
  try {
    const readers = Array.from({ length: scale.readers }, () =>
      toJob(goOn, { writers: scale.writers, events: each }),
    )
    const followers = Array.from({ length: scale.followers }, () =>
      toJob(follow, { events: scale.followers + scale.writers * each }),
    )
    const reading = await processes.start([...followers, ...readers])
    const following = reading.slice(0, scale.followers).map((job) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      job.onAck(() => resolve())
      return Promise.race([promise, job.answer])
    })
    const writing = await processes.start(
      Array.from({ length: scale.writers }, (_, n) =>
        toJob(write, { writer: `writer ${n}`, events: each, aSecond: perWriter }),
      ),
    )
    for (const job of reading) job.go()
    await Promise.all(following)
    for (const job of writing) job.go()
    await Promise.all(writing.map((job) => job.answer))
    const acknowledged = writing.flatMap((job) => job.acks as readonly Entry[])
    const answers = await Promise.all(reading.map((job) => job.answer))
    const seen = answers as Entry[][]
    const mistakes = seen.map((one) => judgeReader(one, acknowledged))
    const ran = {
      acknowledged: acknowledged.length,
      'a second': rateOf(acknowledged),
      writers: scale.writers,
      readers: scale.readers,
      followers: scale.followers,
      'ms until 99 % were seen by followers': slowestOf99(seen.slice(0, scale.followers), acknowledged),
    }
    return {
      part,
      ran,
      broken: total(NAMES, mistakes),
      short: shortOf({ acknowledged: [acknowledged.length, scale.events] }),
    }
  } finally {
    await processes.end()
  }
}
