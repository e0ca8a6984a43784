import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = 30_000

export const SET_NAME = 'rs0'

/** Makes a replica set of these nodes (`host:port`); the first of them does the work. */
export async function initiate(members: readonly string[], settings: object = {}): Promise<void> {
  const config = { _id: SET_NAME, members: members.map((host, _id) => ({ _id, host })), settings }
  await ask(members[0], { replSetInitiate: config }, PATIENCE_MS)
}

/** Waits until one of these nodes takes writes, and gives it. */
export async function becomePrimary(...members: readonly string[]): Promise<string> {
  return eventually(`One of ${members.join(', ')} is the primary`, async () => {
    const states = await Promise.all(members.map(hello))
    return members.find((_, index) => states[index]?.['isWritablePrimary'] === true)
  })
}

/** Waits until each of these nodes has the data, and so could become the primary. */
export async function becomeMembers(members: readonly string[]): Promise<void> {
  await eventually(`${members.join(', ')} have the data`, async () => {
    const states = await Promise.all(members.map(hello))
    return (
      states.every((state) => state['isWritablePrimary'] === true || state['secondary'] === true) || undefined
    )
  })
}

async function eventually<T>(claim: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(20)
  }
  throw new Error(`Not so after ${PATIENCE_MS} ms: ${claim}`)
}

/** What a node says of itself: nothing where nobody answers. */
async function hello(member: string): Promise<Record<string, unknown>> {
  try {
    return await ask(member, { hello: 1 })
  } catch {
    return {}
  }
}

async function ask(
  member: string | undefined,
  command: object,
  serverSelectionTimeoutMS = 500,
): Promise<Record<string, unknown>> {
  const { MongoClient } = await import('mongodb')
  const options = { directConnection: true, serverSelectionTimeoutMS }
  const client = new MongoClient(`mongodb://${member}`, options)
  try {
    return await client.db('admin').command({ ...command })
  } finally {
    await client.close()
  }
}
