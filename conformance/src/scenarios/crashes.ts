import { setTimeout as sleep } from 'node:timers/promises'
import type { Capability, Protocol, StorageHandle } from '@dir/storage-core'
import type { Job } from '../processes.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Inconclusive } from '../verdict.ts'
import {
  EVENTS,
  LANES,
  initialise,
  toJob,
  writeBatches,
  writeEvents,
  writeLocks,
  writeSingles,
} from './crash-jobs.ts'
import { group, range } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'

const ROUNDS = 5
const LEAST_ACKS = 100
const CLAUSE = 'nothing acknowledged is lost, doubled or half there after its process was killed'

/** Lets a process write until it has acknowledged enough, and kills it at a random moment. @returns the last number acknowledged, by lane. */
async function killed(context: ScenarioContext, job: Job): Promise<number[]> {
  const [writer] = await context.processes.start([job])
  if (writer === undefined) throw new Error('The process did not start.')
  const wanted = LEAST_ACKS + Math.floor(context.random() * 100)
  const delayMs = context.random() * 5
  const enough = new Promise<void>((resolve) => writer.onAck((_, count) => count >= wanted && resolve()))
  writer.go()
  await Promise.race([enough, writer.answer])
  await sleep(delayMs)
  await writer.kill()
  if (writer.acks.length < LEAST_ACKS)
    throw new Inconclusive(`The process acknowledged ${writer.acks.length} writes before it was killed.`)
  const acks = writer.acks as readonly (readonly [number, number])[]
  return range(LANES).map((lane) => Math.max(0, ...acks.filter(([one]) => one === lane).map(([, n]) => n)))
}

/** What a lane left: the number of the last write that is visible. It is an assertion that no write is half there. */
type Look = (context: ScenarioContext, survivor: StorageHandle, id: string, lane: number) => Promise<number>

function crash(
  name: string,
  title: string,
  protocols: readonly Protocol[],
  capabilities: readonly Capability[],
  write: (id: string) => Job,
  look: Look,
): Scenario {
  return {
    id: `crashes/${name}`,
    title,
    clause: CLAUSE,
    level: 'durable',
    protocols,
    capabilities: ['processes', 'durable', ...capabilities],
    asserts: ROUNDS * LANES * 2,
    async run(context) {
      for (let round = 0; round < ROUNDS; round++) {
        const id = context.id(`round${round}`)
        const acknowledged = await killed(context, write(id))
        const survivor = await context.open()
        for (const [lane, acked] of acknowledged.entries()) {
          const visible = await look(context, survivor, id, lane)
          context.assert.ok(
            visible === acked || visible === acked + 1,
            `after ${acked} was acknowledged, ${acked} or the one under way is the last there, and not ${visible}`,
          )
        }
      }
    },
  }
}

const lookAtEvents: Look = async ({ assert }, { decisionAudit }, id, lane) => {
  const events = await decisionAudit.eventsForDfid(`${id}/${lane}`)
  const batches = Math.ceil(events.length / EVENTS)
  assert.equal(
    events.map(({ event, details }) => [event, details]),
    range(batches).flatMap((n) => range(EVENTS).map(() => [`E${n + 1}`, { n: n + 1 }])),
    'every batch of events is there whole, once and in order',
  )
  return batches
}

const lookAtLocks: Look = async ({ assert }, { resourceLock }, id, lane) => {
  const holds = await resourceLock.getHolds({ dfid: `${id}/${lane}` })
  const amount = holds[0]?.amount ?? 0
  assert.equal(
    holds.map((hold) => [hold.resourceId, hold.amount, hold.fence]),
    ['a', 'b', 'c'].map((name) => [`${id}/${name}`, amount, holds[0]?.fence]),
    'the three resources of one acquire are held alike',
  )
  return amount
}

const lookAtBatches: Look = async ({ assert }, storage, id, lane) => {
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

const lookAtSingles: Look = async ({ assert }, storage, id, lane) => {
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

const smoke = group({ level: 'durable', protocols: [], capabilities: ['processes', 'durable'] }, [
  {
    id: 'crashes/survivor-works',
    title: 'a store whose writer was killed takes every kind of record, and gives back what was there',
    clause: CLAUSE,
    protocols: [...new Set(['intentRetry' as Protocol, ...RECORD_KINDS.map(({ protocol }) => protocol)])],
    asserts: 2 * RECORD_KINDS.length,
    async run(context) {
      const { storage, id, assert } = context
      const [before, after, other] = [id('before'), id('after'), id('other')]
      for (const kind of RECORD_KINDS) await kind.write(storage, before, 1, other)
      await killed(context, toJob(writeSingles, { id: id('writer') }))
      const survivor = await context.open()
      for (const kind of RECORD_KINDS) {
        assert.equal(await kind.read(survivor, before, other), kind.after(1), `${kind.name} is still there`)
        await kind.write(survivor, after, 2, `${other}/${kind.name}`)
        assert.equal(
          await kind.read(survivor, after, `${other}/${kind.name}`),
          kind.after(2),
          `${kind.name} is taken and given back`,
        )
      }
    },
  },
  {
    id: 'crashes/killed-while-initialising',
    title: 'a namespace whose first process was killed while it initialised can be used by the next',
    clause: 'init may run twice, and on what an interrupted one left',
    protocols: ['intentRetry'],
    asserts: 6,
    async run({ processes, open, freshNamespace, random, id, assert }) {
      for (let round = 0; round < 6; round++) {
        const namespace = freshNamespace()
        const dfid = id('flow')
        const [first] = await processes.start([toJob(initialise, { id: dfid }, { namespace, init: false })])
        first?.go()
        await sleep(random() * 30)
        await first?.kill()
        const survivor = await open({ namespace })
        await survivor.init()
        const before = await survivor.intentRetry.getCount(dfid)
        await survivor.intentRetry.setCount(dfid, before + 5)
        const now = await survivor.intentRetry.getCount(dfid)
        assert.ok(now === 5 || now === 6, `it counts on from 0 or 1, and not to ${now}`)
      }
    },
  },
])

export const scenarios: readonly Scenario[] = [
  crash(
    'events',
    'events that were recorded together are there together, once and in order, after a kill',
    ['decisionAudit'],
    ['recordMany'],
    (id) => toJob(writeEvents, { id }),
    lookAtEvents,
  ),
  crash(
    'locks',
    'resources that were acquired together are held together after a kill',
    ['resourceLock'],
    ['capacities'],
    (id) => toJob(writeLocks, { id }),
    lookAtLocks,
  ),
  crash(
    'batches',
    'what was committed atomically across protocols is there whole after a kill',
    ['context', 'intentRetry', 'decisionAudit', 'lifecycle'],
    ['atomically', 'increment', 'transition'],
    (id) => toJob(writeBatches, { id }),
    lookAtBatches,
  ),
  crash(
    'singles',
    'writes of one record each are there after a kill, in the order in which they were acknowledged',
    ['intentRetry', 'idempotency'],
    [],
    (id) => toJob(writeSingles, { id }),
    lookAtSingles,
  ),
  ...smoke,
]
