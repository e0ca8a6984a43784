import { Connection } from './connection.ts'
import { type MongoNamespaceOptions, checkOptions } from './options.ts'
import { COLLECTION_NAMES } from './schema.ts'

const PATIENCE_MS = 10_000

/** Drops the collections of one namespace, which were created here, and nothing else. Close the handles on it first. */
export async function dropNamespace(options: string | MongoNamespaceOptions): Promise<void> {
  const { isOurs, ...place } = checkOptions(options)
  const connection = new Connection(place)
  try {
    await connection.run(performance.now() + PATIENCE_MS, 'unknown', async () => {
      const others = COLLECTION_NAMES.filter((name) => name !== 'meta')
      await Promise.all(others.map((name) => connection.collection(name).drop()))
      await connection.collection('meta').drop() // last: until then it is known that the others are ours
    })
  } finally {
    connection.detach()
    if (isOurs) await place.client.close()
  }
}
