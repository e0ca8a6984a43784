import { setTimeout as sleep } from 'node:timers/promises'
import type { Capability, Protocol } from '@dir/storage-core'
import type { Job } from '../processes.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { Inconclusive } from '../verdict.ts'
import {
  LANES,
  initialise,
  toJob,
  writeBatches,
  writeEvents,
  writeLocks,
  writeRecords,
  writeSingles,
} from './crash-jobs.ts'
import { group, range } from './kit.ts'
import { RECORD_KINDS, allKindsOf, kindsOf, writeSurely } from './record-kinds.ts'
import {
  type Look,
  lookAtBatches,
  lookAtEvents,
  lookAtLocks,
  lookAtRecords,
  lookAtSingles,
} from './crash-looks.ts'

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

function crash(
  name: string,
  title: string,
  protocols: Scenario['protocols'],
  capabilities: readonly Capability[],
  write: (id: string, protocols: readonly Protocol[]) => Job,
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
        const acknowledged = await killed(context, write(id, context.protocols))
        const survivor = await context.open()
        for (const [lane, acked] of acknowledged.entries()) {
          const visible = await look(context, survivor, id, lane, acked)
          context.assert.ok(
            visible === acked || visible === acked + 1,
            `after ${acked} was acknowledged, ${acked} or the one under way is the last there, and not ${visible}`,
          )
        }
      }
    },
  }
}

const smoke = group({ level: 'durable', protocols: 'any', capabilities: ['processes', 'durable'] }, [
  {
    id: 'crashes/survivor-works',
    title: 'a store whose writer was killed takes every kind of record, and gives back what was there',
    clause: CLAUSE,
    asserts: 2 * RECORD_KINDS.length,
    async run(context) {
      const { storage, protocols, id, assert } = context
      const kinds = allKindsOf(protocols)
      const [before, after, other] = [id('before'), id('after'), id('other')]
      for (const kind of kinds) await kind.write(storage, before, 1, other)
      await killed(context, toJob(writeRecords, { id: id('writer'), protocols }))
      const survivor = await context.open()
      for (const kind of kinds) {
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
    asserts: 54,
    async run({ protocols, processes, open, freshNamespace, random, id, assert }) {
      for (let round = 0; round < 6; round++) {
        const namespace = freshNamespace()
        const [one, other] = [id('one'), id('other')]
        const job = toJob(initialise, { id: one, protocols }, { namespace, init: false })
        const [first] = await processes.start([job])
        first?.go()
        await sleep(random() * 30)
        await first?.kill()
        const survivor = await open({ namespace })
        await survivor.init()
        for (const kind of kindsOf(protocols)) {
          await writeSurely(kind, survivor, other, 2, `${other} other`)
          const seen = await kind.read(survivor, other, `${other} other`)
          assert.equal(seen, kind.after(2), `${kind.name}: a write to the store that was left`)
        }
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
  crash(
    'records',
    'a record of any kind that was acknowledged is there after a kill',
    'any',
    [],
    (id, protocols) => toJob(writeRecords, { id, protocols }),
    lookAtRecords,
  ),
  ...smoke,
]
