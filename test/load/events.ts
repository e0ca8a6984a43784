import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Entry, follow, write } from './event-jobs.ts'
import { type Mistakes, judgeReader } from './event-judge.ts'
import { type Figures, shortOf, total } from './figures.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./event-jobs.ts', import.meta.url).href)

const NAMES: readonly (keyof Mistakes)[] = ['missed', 'doubled', 'jumps', 'disordered']

/** Many processes append to one log while others follow it to its end. */
export async function events(module: string, { events: scale, timeoutMs }: Scale): Promise<Figures> {
  const where = { backend: module, namespace: freshNamespace(), scenario: 'events', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const each = Math.ceil(scale.events / scale.writers)
  try {
    const readers = Array.from({ length: scale.readers }, () =>
      toJob(follow, { writers: scale.writers, events: each }),
    )
    const writers = Array.from({ length: scale.writers }, (_, n) =>
      toJob(write, { writer: `writer ${n}`, events: each }),
    )
    const jobs = await processes.start([...readers, ...writers])
    for (const job of jobs) job.go()
    const answers = await Promise.all(jobs.map((job) => job.answer))
    const acknowledged = jobs.flatMap((job) => job.acks as readonly Entry[])
    const mistakes = (answers.slice(0, scale.readers) as Entry[][]).map((seen) =>
      judgeReader(seen, acknowledged),
    )
    const ran = { acknowledged: acknowledged.length, writers: writers.length, readers: readers.length }
    return {
      part: 'events',
      ran,
      broken: total(NAMES, mistakes),
      short: shortOf({ acknowledged: [acknowledged.length, scale.events] }),
    }
  } finally {
    await processes.end()
  }
}
