import { closeClient } from './client.ts'
import { Connection } from './connection.ts'
import type { CollectionName } from './documents.ts'
import { type MongoNamespaceOptions, checkOptions } from './options.ts'
import { COLLECTION_NAMES } from './schema.ts'

const PATIENCE_MS = 10_000

/** Drops the collections of one namespace, which were created here, and nothing else. Close the handles on it first. */
export async function dropNamespace(options: string | MongoNamespaceOptions): Promise<void> {
  const { isOurs, ...place } = checkOptions(options)
  const connection = new Connection(place)
  try {
    await connection.run(performance.now() + PATIENCE_MS, 'unknown', async () => {
      const last: readonly CollectionName[] = ['sessions', 'meta']
      const others = COLLECTION_NAMES.filter((name) => !last.includes(name))
      await Promise.all(others.map((name) => connection.collection(name).drop()))
      // transactions that a dead process left open can be ended as long as their sessions are known
      for (const name of last) await connection.collection(name).drop()
    })
  } finally {
    if (isOurs) await closeClient(place.client, performance.now())
  }
}
