import { defineBackend } from '@dir/storage-conformance/backend'
import type { Document } from 'mongodb'
import { mongoStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient } from './altered-client.ts'

function moved(document: Document): Document {
  return { ...document, _id: Number(document['_id']) + Math.floor(Math.random() * 1e6) }
}

/** Events get numbers far apart, by chance: one that is inserted later may have a lower number. */
const client = alteredClient(url, {
  collection(name, collection) {
    if (name !== 'decision_audit_events') return collection
    const bulkWrite = collection.bulkWrite.bind(collection)
    const insertOne = collection.insertOne.bind(collection)
    return Object.assign(collection, {
      bulkWrite: (writes: { insertOne: { document: Document } }[], options: object) =>
        bulkWrite(
          writes.map(({ insertOne: { document } }) => ({ insertOne: { document: moved(document) } })),
          options,
        ),
      insertOne: (document: Document, options: object) => insertOne(moved(document), options),
    })
  },
})

export default defineBackend({
  ...sound,
  name: 'numbers with gaps that are filled later',
  open: (namespace, options) => mongoStorage({ client, namespace, ...options }),
})
