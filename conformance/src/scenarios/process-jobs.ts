import { setTimeout as sleep } from 'node:timers/promises'
import { runOnce, updateSession } from '@dir/storage-core'
import type { Observed } from '../linear/checker.ts'
import { SUBJECTS } from '../linear/index.ts'
import { drive } from '../linear/subject.ts'
import { type With, jobsOf } from './jobs.ts'

/** What a function of this module does, as a job for child processes. */
export const toJob: ReturnType<typeof jobsOf> = jobsOf(import.meta.url)

/** A moment on the clock that all processes of this computer share. */
const clock = (): number => Number(process.hrtime.bigint())

/** One client of several objects of a linearizability subject, one after another. @returns the history of each. */
export async function client({
  storage,
  args: { subject: name, ids, calls },
  random,
  index,
}: With<{ subject: string; ids: readonly string[]; calls: number }>): Promise<Observed[][]> {
  const subject = SUBJECTS.find((one) => one.name === name)
  if (subject === undefined) throw new Error(`There is no subject ${name}.`)
  const histories: Observed[][] = []
  for (const id of ids)
    histories.push(await drive(subject, { storage, id, client: index, calls, random, clock }))
  return histories
}

/** So often in a row whoever holds nothing asks again, while others release what they have. */
const MOST_WAITS = 1_000

/**
 * Acquires random amounts of several resources for flow after flow. When it is refused, it releases its oldest flow; where
 * it has none, it asks until it is granted, which counts as one refusal. So between two fifths and two thirds of all attempts are
 * refused, however quick the processes and the backend are. It leaves nothing behind. @returns how often it got which answer.
 */
export async function grab({
  storage: { resourceLock },
  args: { resources, capacity, attempts },
  random,
  index,
}: With<{ resources: readonly string[]; capacity: number; attempts: number }>): Promise<string[]> {
  const outcomes: string[] = []
  const held: string[] = []
  const capacities = Object.fromEntries(resources.map((resource) => [resource, capacity]))
  let waits = 0
  while (outcomes.length < attempts && waits < MOST_WAITS) {
    const dfid = `${resources[0]}/${index}/${outcomes.length}`
    const wanted = resources.filter(() => random() < 0.7)
    const amounts = Object.fromEntries(wanted.map((resource) => [resource, 1 + Math.floor(random() * 4)]))
    const answer = await resourceLock
      .acquireBatch(dfid, amounts, 30, { capacities })
      .catch((error: unknown) => {
        if ((error as { code?: string }).code === 'STORAGE_INSUFFICIENT_CAPACITY') return null
        throw error
      })
    if (answer !== null || waits === 0)
      outcomes.push(answer === null ? 'refused' : answer ? 'granted' : 'contended')
    if (answer === true) held.push(dfid)
    const oldest = answer === null ? held.shift() : undefined
    waits = answer === null && oldest === undefined ? waits + 1 : 0
    if (oldest !== undefined) await resourceLock.release(oldest)
    else if (answer === null) await sleep(1 + random() * 4)
  }
  for (const dfid of held) await resourceLock.release(dfid)
  return outcomes
}

export async function incrementMany({
  storage,
  args: { dfid, times },
}: With<{ dfid: string; times: number }>): Promise<number[]> {
  const counts: number[] = []
  for (let left = times; left > 0; left--) counts.push(await storage.intentRetry.increment(dfid))
  return counts
}

/** Writes a result of its own under each key. @returns what it was told. */
export async function writeFirst({
  storage,
  args: { keys },
  index,
}: With<{ keys: readonly string[] }>): Promise<{ stored: boolean; by: unknown }[]> {
  return Promise.all(
    keys.map(async (key) => {
      const { stored, result } = await storage.idempotency.setIfAbsent(key, { by: index })
      return { stored, by: result['by'] }
    }),
  )
}

/** Runs the effect of each key, once whoever else does; an effect is an event. @returns the results. */
export async function runEach({
  storage,
  args: { keys },
  index,
}: With<{ keys: readonly string[] }>): Promise<unknown[]> {
  const results: unknown[] = []
  for (const key of keys)
    results.push(
      await runOnce(storage.idempotency, key, { leaseSec: 120, waitSec: 60 }, async () => {
        await storage.decisionAudit.record(key, 'EXECUTED')
        return { by: index }
      }),
    )
  return results
}

/** Adds members of its own to a session, one at a time. */
export async function mergeMany({
  storage,
  args: { dfid, times },
  index,
}: With<{ dfid: string; times: number }>): Promise<void> {
  for (let n = 0; n < times; n++)
    await updateSession(
      storage.context,
      dfid,
      (text) => JSON.stringify({ ...(JSON.parse(text ?? '{}') as object), [`${index}.${n}`]: n }),
      { timeoutSec: 60 },
    )
}

/** Asks twice for the budget of each agent, alone and with a request. @returns how often it was granted, by agent. */
export async function spend({
  storage: { escalation },
  args: { agentIds, limit },
  index,
}: With<{ agentIds: readonly string[]; limit: number }>): Promise<number[]> {
  const budget = { limit, windowSec: 3600 }
  const granted: number[] = []
  for (const agentId of agentIds) {
    const request = { agentId, reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
    const answers = [
      await escalation.tryConsumeBudget(agentId, budget),
      await escalation.requestWithinBudget({ dfid: `${agentId}/${index}`, ...request }, budget),
    ]
    granted.push(answers.filter((answer) => answer.granted).length)
  }
  return granted
}

/** Decides each request. @returns for which of them its decision stands. */
export async function decide({
  storage,
  args: { dfids },
  index,
}: With<{ dfids: readonly string[] }>): Promise<boolean[]> {
  return Promise.all(
    dfids.map((dfid) => storage.escalation.resolveRequest(dfid, '2026-03-01T09:30:00Z', `BY_${index}`, null)),
  )
}
