import { MongoClient, MongoError } from 'mongodb'
import type { Orders } from '../../../test/load/orders.ts'
import { url } from './backend.ts'

const hasLabel = (error: unknown, label: string): boolean =>
  error instanceof MongoError && error.hasErrorLabel(label)

/** Orders in a collection beside the store's. */
export function ordersOf(namespace: string): Orders {
  const client = new MongoClient(url)
  const orders = client.db().collection<{ _id: string }>(`orders_${namespace}`)
  return {
    create: () => client.db().createCollection(orders.collectionName),
    async transact(_, act) {
      const session = client.startSession()
      try {
        session.startTransaction({ writeConcern: { w: 'majority' } })
        const isKept = await act({
          client: session,
          order: (_id) => orders.insertOne({ _id }, { session }),
        })
        if (!isKept) return await session.abortTransaction()
        for (let isOver = false; !isOver;)
          await session.commitTransaction().then(
            () => (isOver = true),
            (error: unknown) => {
              if (!hasLabel(error, 'UnknownTransactionCommitResult')) throw error
            },
          )
      } finally {
        await session.endSession() // aborts what is not over
      }
    },
    isContention: (error) => hasLabel(error, 'TransientTransactionError'),
    list: async () => (await orders.find().toArray()).map(({ _id }) => _id),
    close: () => client.close(),
  }
}
