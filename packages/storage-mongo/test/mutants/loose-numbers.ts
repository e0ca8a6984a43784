import { defineBackend } from '@dir/storage-conformance'
import type { OptionalUnlessRequiredId } from 'mongodb'
import { mongoStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient } from './altered-client.ts'

/** Events get numbers far apart, by chance: one that is inserted later may have a lower number. */
const client = alteredClient(url, {
  collection(name, collection) {
    if (name !== 'decision_audit_events') return collection
    const insert = collection.insertMany.bind(collection)
    return Object.assign(collection, {
      insertMany: (documents: { _id: number }[], options: object) =>
        insert(
          documents.map((document) => {
            return { ...document, _id: document._id + Math.floor(Math.random() * 1e6) }
          }) as unknown as OptionalUnlessRequiredId<object>[],
          options,
        ),
    })
  },
})

export default defineBackend({
  ...sound,
  name: 'numbers with gaps that are filled later',
  open: (namespace, options) => mongoStorage({ client, namespace, ...options }),
})
