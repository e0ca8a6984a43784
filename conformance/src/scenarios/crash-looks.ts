// What each kind of writer must have left behind when it was killed.
import type { StorageHandle } from '@dir/storage-core'
import type { ScenarioContext } from '../scenario.ts'
import { EVENTS } from './crash-jobs.ts'
import { range } from './kit.ts'
import type { RecordKind } from './record-kind.ts'
import { allKindsOf } from './record-kinds.ts'

/** What a lane left: the number of the last write that is visible. It is an assertion that no write is half there. */
export type Look = (
  context: ScenarioContext,
  survivor: StorageHandle,
  id: string,
  lane: number,
  acked: number,
) => Promise<number>

export const lookAtEvents: Look = async ({ assert }, { decisionAudit }, id, lane) => {
  const events = await decisionAudit.eventsForDfid(`${id}/${lane}`)
  const batches = Math.ceil(events.length / EVENTS)
  assert.equal(
    events.map(({ event, details }) => [event, details]),
    range(batches).flatMap((n) => range(EVENTS).map(() => [`E${n + 1}`, { n: n + 1 }])),
    'every batch of events is there whole, once and in order',
  )
  return batches
}

export const lookAtLocks: Look = async ({ assert }, { resourceLock }, id, lane) => {
  const holds = await resourceLock.getHolds({ dfid: `${id}/${lane}` })
  const amount = holds[0]?.amount ?? 0
  assert.equal(
    holds.map((hold) => [hold.resourceId, hold.amount, hold.fence]),
    ['a', 'b', 'c'].map((name) => [`${id}/${name}`, amount, holds[0]?.fence]),
    'the three resources of one acquire are held alike',
  )
  return amount
}

export const lookAtBatches: Look = async ({ assert }, storage, id, lane) => {
  const dfid = `${id}/${lane}`
  const last = await storage.intentRetry.getCount(dfid)
  const numbers = range(last).map((n) => n + 1)
  assert.equal(
    {
      session: await storage.context.getSession(dfid),
      events: (await storage.decisionAudit.eventsForDfid(dfid)).map(({ event }) => event),
      statuses: (await storage.lifecycle.getTransitions(dfid)).map(({ toStatus }) => toStatus),
    },
    {
      session: String(last),
      events: numbers.map((n) => `E${n}`),
      statuses: numbers.map((n) => `S${n}`),
    },
    'every batch is there whole in all protocols, once and in order',
  )
  return last
}

export const lookAtSingles: Look = async ({ assert }, storage, id, lane) => {
  const last = await storage.intentRetry.getCount(`${id}/${lane}`)
  const results = await Promise.all(range(last).map((n) => storage.idempotency.get(`${id}/${lane}/${n + 1}`)))
  const whole = results.at(-1) === null ? last - 1 : last
  assert.equal(
    results.slice(0, whole),
    range(whole).map((n) => ({ n: n + 1 })),
    'every result whose count is there is there, but for the one under way',
  )
  return whole
}

export const lookAtRecords: Look = async ({ assert, protocols }, storage, id, lane, acked) => {
  const kinds = allKindsOf(protocols)
  const read = (n: number): Promise<unknown> => {
    const one = `${id}/${lane}/${n}`
    return (kinds[n % kinds.length] as RecordKind).read(storage, one, `${one}/other`)
  }
  const numbers = range(acked).map((n) => n + 1)
  assert.equal(
    await Promise.all(numbers.map(read)),
    numbers.map((n) => kinds[n % kinds.length]?.after(n)),
    'every record that was acknowledged is there, once',
  )
  return acked // of the one under way nothing is promised but that it is whole, which other scenarios ask for
}
