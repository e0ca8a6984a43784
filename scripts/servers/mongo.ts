import path from 'node:path'
import { versionOf } from './binaries/binary.ts'
import { mongoBinaries } from './binaries/mongo.ts'
import { makeHome, type Placed } from './home.ts'
import { becomePrimary, initiate, SET_NAME } from './mongo-admin.ts'
import { freePort } from './places.ts'
import { type Server, serve } from './server.ts'

export interface MongoOptions extends Placed {
  /** More server parameters, as in `{ transactionLifetimeLimitSeconds: '5' }`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** MongoDB as a replica set of one node, with the commands that provoke failures for tests. */
export function startMongo(options: MongoOptions = {}): Promise<Server> {
  let isSet = false
  return startMongoNode(options, `replicaSet=${SET_NAME}`, async (member) => {
    if (!isSet) await initiate([member])
    isSet = true
    await becomePrimary(member)
  })
}

/** A node to make a replica set of. `query` ends its URL; what must hold after each start, `settle` waits for. */
export async function startMongoNode(
  { parameters = {}, folder: place }: MongoOptions = {},
  query = 'directConnection=true',
  settle: (member: string) => Promise<void> = async () => {},
): Promise<Server> {
  const { folder, file, origin } = await mongoBinaries()
  const command = path.join(folder, file)
  const version = await versionOf(command)
  const home = makeHome('mongo', { folder: place })
  const port = await freePort()
  const member = `127.0.0.1:${port}`
  // The files of dropped namespaces, some fifty each, stay until a checkpoint after the history that one may still read:
  // those of five minutes, which is the default, are more than a process may have open.
  const options = {
    dbpath: home.dir,
    port: String(port),
    bind_ip: '127.0.0.1',
    unixSocketPrefix: home.dir,
    replSet: SET_NAME,
    wiredTigerCacheSizeGB: '0.25',
    oplogSize: '64',
    syncdelay: '10',
  }
  const all = Object.entries({
    enableTestCommands: '1',
    minSnapshotHistoryWindowInSeconds: '5',
    ...parameters,
  })
  const recipe = {
    title: 'MongoDB',
    command,
    args: [
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      ...all.flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
    ],
    home,
    readyLine: 'Waiting for connections',
    stopSignal: 'SIGTERM',
    settle: () => settle(member),
  } as const
  return serve(recipe, { url: `mongodb://${member}/?${query}`, port, origin, version })
}
