import { mongoBinaries } from './binaries/mongo.ts'
import { postgresBinaries } from './binaries/postgres.ts'
import { redisBinaries } from './binaries/redis.ts'
import type { Placed } from './home.ts'
import { type ServerName, start } from './index.ts'

/** What a URL of the user's is read from, and what programs that we start find theirs in. */
export const VARIABLES: Readonly<Record<ServerName, string>> = {
  postgres: 'STORAGE_POSTGRES_URL',
  redis: 'STORAGE_REDIS_URL',
  mongo: 'STORAGE_MONGO_URL',
}

const locators = { postgres: postgresBinaries, redis: redisBinaries, mongo: mongoBinaries }

export interface Provided {
  readonly url: string
  /** Ends the server if it is ours. */
  stop(): Promise<void>
}

/** The URL that the user has set. */
export function givenUrl(name: ServerName): string | undefined {
  return process.env[VARIABLES[name]] || undefined
}

/** The server that the environment names, else one of our own. */
export async function provide(name: ServerName, place?: Placed): Promise<Provided> {
  const url = givenUrl(name)
  return url === undefined ? start(name, place) : { url, stop: async () => {} }
}

/** Sees to it that `start` has a binary, which is fetched if it must be; else throws a NoServerError. */
export async function prepare(name: ServerName): Promise<void> {
  await locators[name]()
}
