import { setTimeout as sleep } from 'node:timers/promises'
import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Figures, shortOf } from './figures.ts'
import type { Transactional } from './orders.ts'
import {
  ENDS,
  type End,
  type Found,
  type LogEntry,
  type Told,
  create,
  lookAt,
  tail,
  writeOrders,
} from './outbox-jobs.ts'
import { judge } from './outbox-judge.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./outbox-jobs.ts', import.meta.url).href)

const isKill = (end: End | undefined): boolean => end?.startsWith('kill') === true

/** How the transactions of a writer end, in a random order; so many of them by a kill. */
function endsOf(writer: number, transactions: number, kills: number): End[] {
  const killed = Array.from({ length: kills }, (_, n): End =>
    (writer + n) % 2 === 0 ? 'kill' : 'kill at the commit',
  )
  const others = Array.from({ length: transactions - kills }, (_, n): End => ENDS[n % 3] ?? 'commit')
  return [...killed, ...others]
    .map((end) => [Math.random(), end] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, end]) => end)
}

/** An application writes orders of its own and our events in one transaction, and is killed, while a reader follows. */
export async function outbox(
  backend: Transactional,
  module: string,
  { outbox: scale, timeoutMs }: Scale,
): Promise<Figures> {
  const where = { backend: module, namespace: freshNamespace(), scenario: 'outbox', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const told: Told[] = []

  /** One writer; whenever its process is killed, the next goes on after the transaction in which that was. */
  const write = async (writer: number): Promise<void> => {
    const ends = endsOf(
      writer,
      Math.ceil(scale.transactions / scale.writers),
      Math.ceil(scale.kills / scale.writers),
    )
    for (let from = 0; from < ends.length;) {
      const [job] = await processes.start([toJob(writeOrders, { backend, writer, from, ends })])
      if (job === undefined) throw new Error('No process was started.')
      const killed = Promise.withResolvers<number>()
      job.onAck((value) => {
        const one = value as Told
        told.push(one)
        if (one.what === 'kill') killed.resolve(one.n)
      })
      job.go()
      const last = await Promise.race([killed.promise, job.answer.then(() => ends.length)])
      if (last < ends.length) {
        if (ends[last] === 'kill at the commit') await sleep(Math.random() * 4)
        await job.kill()
      }
      from = last + 1
    }
  }

  try {
    await processes.run([toJob(create, { backend })])
    const [reader] = await processes.start([toJob(tail, {})])
    reader?.go()
    await Promise.all(Array.from({ length: scale.writers }, (_, writer) => write(writer)))
    const [found] = (await processes.run([toJob(lookAt, { backend })])) as [Found]
    const seen = (await reader?.answer) as LogEntry[]
    const ended = new Map(told.filter(({ what }) => what !== 'again').map(({ id, end }) => [id, end]))
    const count = (end: End): number => [...ended.values()].filter((one) => one === end).length
    const byEnd = Object.fromEntries(ENDS.map((end) => [end, count(end)]))
    const kills = [...ended.values()].filter(isKill).length
    return {
      part: 'outbox',
      ran: {
        transactions: ended.size,
        ...byEnd,
        'run again': told.filter(({ what }) => what === 'again').length,
        writers: scale.writers,
        followed: seen.length,
      },
      broken: { ...judge(told, found, seen) },
      short: shortOf({
        transactions: [ended.size, scale.transactions],
        kills: [kills, scale.kills],
        'orders at the end': [found.orders.length, count('commit') + count('refusal, then commit')],
      }),
    }
  } finally {
    await processes.end()
  }
}
