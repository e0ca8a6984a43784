import { mongoBinaries } from './binaries/mongo.ts'
import { versionOf } from './binaries/binaries.ts'
import { becomePrimary, initiate, type Member, SET_NAME } from './mongo-admin.ts'
import { freePort, temporaryFolder } from './places.ts'
import { type Server, serve } from './server.ts'

export interface MongoOptions {
  /** More server parameters, as in `{ maxTransactionLockRequestTimeoutMillis: '50' }`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** MongoDB as a replica set of one node, with the commands that provoke failures for tests. */
export async function startMongo({ parameters = {} }: MongoOptions = {}): Promise<Server> {
  const node = await startMongoNode(parameters)
  try {
    await initiate([node.member])
    await node.settle()
  } catch (error) {
    await node.server.stop()
    throw error
  }
  return node.server
}

export interface MongoNode {
  readonly server: Server
  readonly member: Member
  readonly settle: () => Promise<void>
}

/** One node that belongs to no set yet. With `alone`, a restart waits until it is the primary again. */
export async function startMongoNode(
  parameters: Readonly<Record<string, string>> = {},
  alone = true,
): Promise<MongoNode> {
  const { file, origin } = mongoBinaries()
  const dir = temporaryFolder('mongo')
  const port = await freePort()
  const member = `127.0.0.1:${port}`
  const set = Object.entries({ enableTestCommands: '1', ...parameters })
  let starts = 0
  const settle = (): Promise<void> => becomePrimary(member)
  const recipe = {
    title: 'MongoDB',
    command: file,
    args: [
      ...['--dbpath', dir, '--port', String(port), '--bind_ip', '127.0.0.1', '--unixSocketPrefix', dir],
      ...['--replSet', SET_NAME, '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64', '--quiet'],
      ...set.flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
    ],
    dir,
    readyLine: 'Waiting for connections',
    stopSignal: 'SIGTERM',
    settle: async () => {
      if (starts++ > 0 && alone) await settle()
    },
  } as const
  const url = `mongodb://${member}/?replicaSet=${SET_NAME}`
  const server = await serve(recipe, { url, port, origin, version: versionOf(file) })
  return { server, member, settle }
}
