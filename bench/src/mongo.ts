// How many acknowledged audit events a second MongoDB takes from record(), beside insertOne with majority and journal,
// and how many acquires with their releases, beside one transaction for each: with one caller alone and with 64 at
// once, on one server, which is ours or the one that STORAGE_MONGO_URL names. The rounds take turns; medians.
import { dumpsJsonDict } from '@dir/storage-core'
import { dropNamespace, mongoStorage } from '@dir/storage-mongo'
import { MongoClient } from 'mongodb'
import { provide } from '../../scripts/servers/provide.ts'

const ROUNDS = 7
const MILLISECONDS = 500
const RESOURCES = 16
const OTHER_HOLDS = 10_000
const namespace = 'bench'
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }
const writeConcern = { w: 'majority', journal: true } as const

interface Keyed {
  readonly _id: string
  readonly total?: number
  readonly amount?: number
}

const provided = await provide('mongo')
const { url } = provided
const client = new MongoClient(url)
const bare = client.db('bench_bare')
await bare.dropDatabase()
const events = await bare.createCollection('events', { writeConcern })
const resources = await bare.createCollection<Keyed>('resources', { writeConcern })
const holds = await bare.createCollection<Keyed>('holds', { writeConcern })
await dropNamespace({ url, namespace })
const storage = mongoStorage({ url, namespace })
const { details: server } = await storage.health()

type Act = (turn: number, caller: number) => Promise<unknown>

const bareEvent: Act = (turn) =>
  events.insertOne({
    dfid: `flow-${turn % 1000}`,
    event: 'DECIDED',
    timestamp: new Date().toISOString(),
    stepId: 's',
    state: '',
    detailsJson: dumpsJsonDict(details),
  })

const record: Act = (turn) =>
  storage.decisionAudit.record(`flow-${turn % 1000}`, 'DECIDED', { stepId: 's', details })

/** One transaction a request, run again by the driver where another was in its way. */
async function bareChange(flow: string, resource: string, amount: 1 | -1): Promise<void> {
  await client.withSession((session) =>
    session.withTransaction(
      async () => {
        const found = await resources.findOne({ _id: resource }, { session })
        if ((found?.total ?? 0) + amount > 1_000) throw new Error('no room')
        await resources.updateOne(
          { _id: resource },
          { $inc: { total: amount, version: 1 } },
          { session, upsert: true },
        )
        if (amount > 0) await holds.insertOne({ _id: flow, amount }, { session })
        else await holds.deleteOne({ _id: flow }, { session })
      },
      { readConcern: { level: 'snapshot' }, writeConcern },
    ),
  )
}

const bareLock: Act = async (turn, caller) => {
  await bareChange(`flow-${caller}`, `resource-${turn % RESOURCES}`, 1)
  await bareChange(`flow-${caller}`, `resource-${turn % RESOURCES}`, -1)
}

const lock: Act = async (turn, caller) => {
  const resource = `resource-${turn % RESOURCES}`
  await storage.resourceLock.acquire(`flow-${caller}`, { [resource]: 1 }, 5, {
    capacities: { [resource]: 1_000 },
  })
  await storage.resourceLock.release(`flow-${caller}`)
}

/** Turns a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
async function rate(act: Act, callers: number): Promise<number> {
  const started = performance.now()
  let turns = 0
  const caller = async (_: unknown, index: number): Promise<void> => {
    while (performance.now() - started < MILLISECONDS) await act(turns++, index)
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (turns * 1000) / (performance.now() - started)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function compare(title: string, theirs: Act, ours: Act, callers: number): Promise<void> {
  const rounds: (readonly [number, number])[] = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push([await rate(theirs, callers), await rate(ours, callers)])
  const before = Math.round(median(rounds.map(([bareRate]) => bareRate)))
  const after = Math.round(median(rounds.map(([, ourRate]) => ourRate)))
  const ratio = median(rounds.map(([bareRate, ourRate]) => ourRate / bareRate)).toFixed(2)
  console.log(`${title}, ${callers} callers: ${before}/s bare, ${after}/s ours, ratio ${ratio}`)
}

console.log(`MongoDB ${server['mongoVersion']}, ${server['topology']}, members: ${server['members']}`)
for (const callers of [1, 64]) await compare('record', bareEvent, record, callers)
for (const callers of [1, 64]) await compare('acquire and release', bareLock, lock, callers)
for (let first = 0; first < OTHER_HOLDS; first += 1_000) {
  const flows = Array.from({ length: 1_000 }, (_, index) => `other-${first + index}`)
  const wanted = Object.fromEntries(Array.from({ length: RESOURCES }, (_, index) => [`resource-${index}`, 0]))
  await Promise.all(flows.map((flow) => storage.resourceLock.acquire(flow, wanted, 30)))
}
await compare(`beside ${OTHER_HOLDS} flows that hold them all`, bareLock, lock, 64)

await bare.dropDatabase()
await client.close()
await storage.close()
await dropNamespace({ url, namespace })
await provided.stop()
