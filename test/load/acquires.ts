import { type RunningJob, createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Observed, type Told, finish, observe, work } from './acquire-jobs.ts'
import { Ledger } from './acquire-judge.ts'
import { CAPACITY } from './demand.ts'
import { type Figures, shortOf } from './figures.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./acquire-jobs.ts', import.meta.url).href)

/** After the end of a lease, for what is still on its way to its end. */
const SLACK_MS = 1_000

/** Many processes acquire from the same resources, and are killed again and again while others watch. */
export async function acquires(module: string, { acquires: scale, timeoutMs }: Scale): Promise<Figures> {
  const where = { backend: module, namespace: freshNamespace(), scenario: 'acquires', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const ledger = new Ledger()
  const running = new Map<number, RunningJob>()
  const killed = new Set<RunningJob>()
  const leaseSecOf = (slot: number): number | null => (slot % 2 === 1 ? scale.leaseSec : null)

  let lastSlot = -1
  /** Another one each time. */
  const kill = (slot: number): void => {
    const victim = running.get(slot)
    if (slot === lastSlot || victim === undefined || killed.has(victim)) return
    lastSlot = slot
    killed.add(victim)
    void victim.kill()
  }

  const hear = (told: Told): void => {
    const [what, flow] = told
    ledger.add(told)
    const next = ((killed.size + 1) * scale.attempts) / (scale.kills + 1)
    // who has just begun an attempt is most likely in the middle of it
    if (killed.size < scale.kills && what === 'tried' && ledger.count('tried') >= next)
      kill(Number.parseInt(flow, 10))
  }

  /** A worker, and after each that was killed another, until the attempts of this slot are made. */
  const runSlot = async (slot: number): Promise<void> => {
    const worker = String(slot)
    const leaseSec = leaseSecOf(slot)
    const until = Math.floor(((slot + 1) * scale.attempts) / scale.processes)
    const first = Math.floor((slot * scale.attempts) / scale.processes)
    for (;;) {
      const from = first + ledger.tried(worker)
      const inherited = leaseSec === null ? ledger.open(worker) : []
      const [job] = await processes.start([toJob(work, { worker, from, until, leaseSec, inherited })])
      if (job === undefined) throw new Error('The process did not start.')
      running.set(slot, job)
      job.onAck((told) => hear(told as Told))
      job.go()
      const error: unknown = await job.answer.then(
        () => null,
        (reason: unknown) => reason,
      )
      running.delete(slot)
      await job.gone
      if (error === null) return
      if (!killed.has(job)) throw error
    }
  }

  try {
    const [observer] = await processes.start([toJob(observe, {})])
    observer?.go()
    await Promise.all(Array.from({ length: scale.processes }, (_, slot) => runSlot(slot)))
    const waitMs = scale.leaseSec * 1_000 + SLACK_MS
    const [left] = (await processes.run([toJob(finish, { waitMs })])) as [string[]]
    const seen = (await observer?.answer) as Observed
    const ran = {
      attempts: ledger.count('tried'),
      granted: ledger.count('granted'),
      refused: ledger.count('refused'),
      contended: ledger.count('contended'),
      failed: ledger.count('not-applied') + ledger.count('unknown'),
      kills: killed.size,
      'unanswered at a kill': ledger.unanswered(),
      'observed reads': seen.reads,
      [`of ${CAPACITY} at most held`]: seen.fullest,
    }
    const broken = {
      overbooked: seen.overbooked,
      'overbooked by replay': ledger.overbooked((flow) => leaseSecOf(Number.parseInt(flow, 10))),
      partial: seen.partial + ledger.count('partial'),
      zombies: ledger.zombies(seen.seenAt),
      'left over': left.length,
      'unmapped errors': ledger.count('unmapped'),
    }
    const short = shortOf({
      attempts: [ran.attempts, scale.attempts],
      granted: [ran.granted, scale.attempts / 5],
      refused: [ran.refused, scale.attempts / 5],
      kills: [ran.kills, scale.kills],
      'unanswered at a kill': [ledger.unanswered(), scale.kills / 2],
      'held at most': [seen.fullest, CAPACITY - 1],
      reads: [seen.reads, scale.attempts / 20],
    })
    return { part: 'acquires', ran, broken, short }
  } finally {
    await processes.end()
  }
}
