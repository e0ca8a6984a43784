import { type ClientSession, MongoClient, MongoError } from 'mongodb'
import {
  CAPACITY,
  detailsJson,
  flowOf,
  freshKey,
  keyOf,
  resourceOf,
  resultJson,
  type Side,
} from '../workloads.ts'

interface Keyed {
  readonly _id: string
  readonly n?: number
  readonly total?: number
  readonly amount?: number
  readonly count?: number
  readonly result?: string | null
  readonly claim?: { readonly token: string; readonly until: Date } | null
}
interface Entry {
  readonly dfid: string
  readonly at: Date
  readonly [field: string]: unknown
}

const writeConcern = { w: 'majority', journal: true } as const

/** The driver as one would write it for the purpose: one command a call, or one transaction with withTransaction. */
export async function mongoByHand(url: string): Promise<{ readonly side: Side; close(): Promise<void> }> {
  const client = new MongoClient(url)
  const db = client.db('by_hand')
  await db.dropDatabase()
  const keyed = (name: string) => db.createCollection<Keyed>(name, { writeConcern })
  const events = await db.createCollection<Entry>('events', { writeConcern })
  const transitions = await db.createCollection<Entry & { readonly _id: number }>('transitions', {
    writeConcern,
  })
  for (const log of [events, transitions]) await log.createIndex({ dfid: 1, _id: 1 })
  const [results, counts, numbers] = [await keyed('results'), await keyed('counts'), await keyed('numbers')]
  const [totals, holds] = [await keyed('totals'), await keyed('holds')]
  await numbers.insertMany([
    { _id: 'events', n: 0 },
    { _id: 'transitions', n: 0 },
  ])

  // under many callers even the driver's own repetitions end with a conflict; whoever writes by hand goes on then
  const transaction = async (act: (session: ClientSession) => Promise<unknown>): Promise<void> => {
    for (let isDone = false; !isDone;)
      try {
        await client.withSession((session) =>
          session.withTransaction(() => act(session), { readConcern: { level: 'snapshot' }, writeConcern }),
        )
        isDone = true
      } catch (error) {
        if (!(error instanceof MongoError && error.hasErrorLabel('TransientTransactionError'))) throw error
      }
  }
  const next = async (log: string, session?: ClientSession): Promise<number> => {
    const options = { returnDocument: 'after', ...(session && { session }) } as const
    const raised = await numbers.findOneAndUpdate({ _id: log }, { $inc: { n: 1 } }, options)
    return raised?.n ?? 0
  }
  const eventOf = (flow: string) => ({
    dfid: flow,
    event: 'DECIDED',
    at: new Date(),
    step: 's',
    state: '',
    details: detailsJson(),
  })
  const transitionOf = (flow: string) => ({ dfid: flow, from: null, to: 'OPEN', at: new Date() })
  const change = (flow: string, resource: string, amount: 1 | -1): Promise<unknown> =>
    transaction(async (session) => {
      const found = await totals.findOne({ _id: resource }, { session })
      if ((found?.total ?? 0) + amount > CAPACITY) return
      await totals.updateOne({ _id: resource }, { $inc: { total: amount } }, { session, upsert: true })
      if (amount > 0) await holds.insertOne({ _id: flow, amount }, { session })
      else await holds.deleteOne({ _id: flow }, { session })
    })

  return {
    side: {
      record: (_, caller) => events.insertOne(eventOf(flowOf(caller))),
      set: (turn) =>
        results.updateOne(
          { _id: keyOf(turn) },
          { $set: { result: resultJson(), claim: null } },
          { upsert: true },
        ),
      increment: (turn) =>
        counts.findOneAndUpdate(
          { _id: keyOf(turn) },
          { $inc: { count: 1 } },
          { upsert: true, returnDocument: 'after' },
        ),
      'claim+complete': async () => {
        const key = freshKey()
        await results.insertOne({ _id: key, result: null, claim: { token: 'token', until: new Date() } })
        await results.updateOne(
          { _id: key, 'claim.token': 'token' },
          { $set: { result: resultJson(), claim: null } },
        )
      },
      transition: async (_, caller) =>
        transitions.insertOne({ _id: await next('transitions'), ...transitionOf(flowOf(caller)) }),
      'acquire+release': async (turn, caller) => {
        await change(flowOf(caller), resourceOf(turn), 1)
        await change(flowOf(caller), resourceOf(turn), -1)
      },
      atomically: (_, caller) =>
        transaction(async (session) => {
          const flow = flowOf(caller)
          await events.insertOne({ ...eventOf(flow), seq: await next('events', session) }, { session })
          await transitions.insertOne(
            { _id: await next('transitions', session), ...transitionOf(flow) },
            { session },
          )
          await counts.updateOne({ _id: flow }, { $set: { count: 3 } }, { session, upsert: true })
        }),
    },
    async close() {
      await db.dropDatabase()
      await client.close()
    },
  }
}
