import { randomBytes } from 'node:crypto'
import { type JoinedStorage, type StorageHandle, isStorageError } from '@dir/storage-core'
import { type ClientSession, MongoClient } from 'mongodb'
import { dropNamespace, mongoStorage } from '../src/index.ts'

/** What a call is refused with. */
export async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    if (!isStorageError(error)) throw error
    const reason = 'reason' in error ? error.reason : null
    return [error.code, error.outcome, error.retryable, reason]
  }
}

export const invalid = (reason: string): unknown => ['STORAGE_INVALID_ARGUMENT', 'not-applied', false, reason]
export const CONTENTION = ['STORAGE_RESOURCE_CONTENTION', 'not-applied', true, null]

/** An application with orders of its own, of which one is there. */
interface Application {
  readonly client: MongoClient
  readonly order: (id: string, session?: ClientSession) => Promise<unknown>
  readonly orders: () => Promise<string[]>
}

/** A namespace of its own, with a collection of the application's beside it. */
export async function withNamespace(
  url: string,
  act: (storage: StorageHandle, app: Application, namespace: string) => Promise<void>,
): Promise<void> {
  const namespace = `joined_${randomBytes(6).toString('hex')}`
  const client = new MongoClient(url)
  const all = client.db().collection<{ _id: string }>(`orders_${namespace}`)
  await all.insertOne({ _id: 'first' }) // what is new on both sides of a transaction would conflict
  const storage = mongoStorage({ url, namespace, operationTimeoutMs: 60_000 })
  try {
    await storage.init()
    const order: Application['order'] = (_id, session) => all.insertOne({ _id }, session && { session })
    const orders: Application['orders'] = async () => (await all.find().toArray()).map(({ _id }) => _id)
    await act(storage, { client, order, orders }, namespace)
  } finally {
    await storage.close()
    await all.drop()
    await client.close()
    await dropNamespace({ url, namespace })
  }
}

export const eventsOf = async (storage: JoinedStorage): Promise<unknown[]> =>
  (await Array.fromAsync(storage.decisionAudit.events())).map(({ seq, event }) => [seq, event])

/** A session whose transaction sees what was there by now, and not what comes later. */
export async function begun(client: MongoClient): Promise<ClientSession> {
  const session = client.startSession()
  session.startTransaction()
  await client.db().collection('orders_of_nobody').findOne({}, { session })
  return session
}
