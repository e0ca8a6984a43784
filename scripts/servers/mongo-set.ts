import { startMongoNode } from './mongo.ts'
import { becomeMembers, becomePrimary, initiate, SET_NAME } from './mongo-admin.ts'
import type { Server } from './server.ts'
import { startTogether, stopAll } from './together.ts'

/** Soon enough for tests: a new primary one to two seconds after the old one is gone. */
const ELECTIONS = { electionTimeoutMillis: 1_000, heartbeatIntervalMillis: 200 }

export interface MongoSet {
  /** Names all members. */
  readonly url: string
  readonly nodes: readonly Server[]
  /** The node that takes writes now; waits while there is none. */
  primary(): Promise<Server>
  stop(): Promise<void>
}

/** A replica set of three nodes that elect a new primary when theirs is killed. */
export async function startMongoSet(): Promise<MongoSet> {
  const nodes = await startTogether(3, () => startMongoNode())
  const members = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const primary = async (): Promise<Server> => {
    const elected = await becomePrimary(...members)
    const node = nodes[members.indexOf(elected)]
    if (node === undefined) throw new Error(`${elected} is no member`)
    return node
  }
  try {
    await initiate(members, ELECTIONS)
    await becomeMembers(members)
    await primary()
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
  const url = `mongodb://${members.join(',')}/?replicaSet=${SET_NAME}`
  return { url, nodes, primary, stop: () => stopAll(nodes) }
}
