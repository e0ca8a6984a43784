import { defineBackend } from '@dir/storage-conformance'
import { mongoStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient } from './altered-client.ts'

/** What is judged and what is written are steps of their own, between which others come. */
const client = alteredClient(url, {
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
