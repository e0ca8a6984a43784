import { defineBackend } from '@dir/storage-conformance/backend'
import { mongoStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient } from './altered-client.ts'

/** What is judged and what is written are steps of their own, between which others come. */
const client = alteredClient(url, {
  // statements of one session wait for one another, or are refused
  collection(_name, collection) {
    for (const name of ['aggregate', 'bulkWrite', 'insertOne', 'updateOne', 'deleteOne'] as const) {
      const act = collection[name].bind(collection) as (...args: unknown[]) => unknown
      const plain = (...args: unknown[]): unknown => {
        const { session: _, ...options } = args.pop() as { readonly session?: unknown }
        return act(...args, options)
      }
      Object.assign(collection, { [name]: plain })
    }
    return collection
  },
  session: (session) =>
    Object.assign(session, {
      startTransaction: () => {},
      commitTransaction: async () => {},
      abortTransaction: async () => {},
    }),
})

export default defineBackend({
  ...sound,
  name: 'transactions that are none',
  open: (namespace, options) => mongoStorage({ client, namespace, ...options }),
})
