import { setTimeout as sleep } from 'node:timers/promises'

const PRIMARY_MS = 30_000

export const SET_NAME = 'rs0'

/** Makes a replica set of these nodes (`host:port`); the first of them does the work. */
export async function initiate(members: readonly string[], settings: object = {}): Promise<void> {
  const config = { _id: SET_NAME, members: members.map((host, _id) => ({ _id, host })), settings }
  await ask(members[0], { replSetInitiate: config })
}

/** Whether this node takes writes; false also where nobody answers. */
export async function isPrimary(member: string): Promise<boolean> {
  try {
    return (await ask(member, { hello: 1 }))['isWritablePrimary'] === true
  } catch {
    return false
  }
}

/** Waits until one of these nodes takes writes, and gives it. */
export async function becomePrimary(...members: readonly string[]): Promise<string> {
  const end = performance.now() + PRIMARY_MS
  while (performance.now() < end) {
    for (const member of members) if (await isPrimary(member)) return member
    await sleep(20)
  }
  throw new Error(`None of ${members.join(', ')} is the primary after ${PRIMARY_MS} ms`)
}

async function ask(member: string | undefined, command: object): Promise<Record<string, unknown>> {
  const { MongoClient } = await import('mongodb')
  const options = { directConnection: true, serverSelectionTimeoutMS: 500 }
  const client = new MongoClient(`mongodb://${member}`, options)
  try {
    return await client.db('admin').command({ ...command })
  } finally {
    await client.close()
  }
}
