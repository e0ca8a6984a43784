import { mongoStorage } from '../src/index.ts'

/** Makes a namespace, in as much time as a busy machine needs: handles with short deadlines find it there. */
export async function prepare(url: string, namespace: string): Promise<void> {
  const storage = mongoStorage({ url, namespace, operationTimeoutMs: 60_000 })
  await storage.init()
  await storage.close()
}
