import { type MongoOptions, startMongo } from './mongo.ts'
import { type PostgresOptions, startPostgres } from './postgres.ts'
import { type RedisOptions, startRedis } from './redis.ts'
import type { Server } from './server.ts'

export { NoServerError } from './binaries/binary.ts'
export { type MongoSet, startMongoSet } from './mongo-set.ts'
export { type PgBouncer, startPgBouncer } from './pgbouncer.ts'
export { redisCommand } from './redis-command.ts'
export { type RedisCluster, startRedisCluster } from './redis-cluster.ts'
export { startRedisSentinel } from './redis-sentinel.ts'
export type { Server } from './server.ts'

export interface ServerOptions {
  readonly postgres: PostgresOptions
  readonly redis: RedisOptions
  readonly mongo: MongoOptions
}

export type ServerName = keyof ServerOptions

const starters: { readonly [N in ServerName]: (options: ServerOptions[N] | undefined) => Promise<Server> } = {
  postgres: startPostgres,
  redis: startRedis,
  mongo: startMongo,
}

export const SERVER_NAMES: readonly ServerName[] = ['postgres', 'redis', 'mongo']

/**
 * Starts a server of our own, whatever the environment says: one that a test may kill. Throws a NoServerError that
 * says what to install when there is no binary and none can be fetched.
 */
export function start<N extends ServerName>(name: N, options?: ServerOptions[N]): Promise<Server> {
  return starters[name](options)
}
