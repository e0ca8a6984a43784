import { defineBackend } from '@dir/storage-conformance/backend'
import type { AnyBulkWriteOperation } from 'mongodb'
import { mongoStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient } from './altered-client.ts'

/** Totals are written outside the transaction that judged them, so that two of them do not conflict. */
const client = alteredClient(url, {
  collection(name, collection) {
    if (name !== 'lock_versions') return collection
    const write = collection.bulkWrite.bind(collection)
    return Object.assign(collection, {
      bulkWrite: (writes: AnyBulkWriteOperation[]) => write(writes, { ordered: false }),
    })
  },
})

export default defineBackend({
  ...sound,
  name: 'totals that no transaction keeps',
  open: (namespace, options) => mongoStorage({ client, namespace, ...options }),
})
