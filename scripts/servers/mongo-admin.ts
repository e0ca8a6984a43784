import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'

const PRIMARY_MS = 30_000

export const SET_NAME = 'rs0'

/** `host:port` */
export type Member = string

/** Makes a replica set of these nodes; the first of them does the work. */
export async function initiate(members: readonly Member[], settings: object = {}): Promise<void> {
  const [first] = members
  if (first === undefined) throw new Error('A set has at least one member')
  const config = { _id: SET_NAME, members: members.map((host, _id) => ({ _id, host })), settings }
  await withNode(first, (admin) => admin.command({ replSetInitiate: config }))
}

/** Waits until this node takes writes. */
export async function becomePrimary(member: Member): Promise<void> {
  await withNode(member, async (admin) => {
    const end = performance.now() + PRIMARY_MS
    while ((await admin.command({ hello: 1 }))['isWritablePrimary'] !== true) {
      if (performance.now() > end)
        throw new Error(`MongoDB on ${member} is not the primary after ${PRIMARY_MS} ms`)
      await sleep(10)
    }
  })
}

export async function withNode<T>(
  member: Member,
  work: (admin: ReturnType<MongoClient['db']>) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(`mongodb://${member}/?directConnection=true`, {
    serverSelectionTimeoutMS: 5_000,
  })
  try {
    return await work(client.db('admin'))
  } finally {
    await client.close()
  }
}
