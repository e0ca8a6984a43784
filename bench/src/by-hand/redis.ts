import { Redis } from 'ioredis'
import {
  CAPACITY,
  detailsJson,
  flowOf,
  freshKey,
  keyOf,
  resourceOf,
  resultJson,
  type Side,
} from '../workloads.ts'

const TIME = `local t = redis.call('TIME') local at = t[1] * 1000000 + t[2]`
const EVENT = `local seq = redis.call('INCR', 'by-hand:seq')
  redis.call('XADD', 'by-hand:events', seq .. '-0', 'dfid', ARGV[1], 'event', 'DECIDED', 'at', at, 'step', 's', 'state', '', 'details', ARGV[2])
  redis.call('ZADD', 'by-hand:events:' .. ARGV[1], seq, seq)`
const TRANSITION = `local id = redis.call('INCR', 'by-hand:id')
  redis.call('HSET', 'by-hand:transitions', id, cmsgpack.pack({ ARGV[1], false, 'OPEN', at }))
  redis.call('ZADD', 'by-hand:transitions:' .. ARGV[1], id, id)
  redis.call('HSET', 'by-hand:statuses', ARGV[1], 'OPEN')`

/** One script a call that does the same: draws the number, keeps the index, writes. */
const SCRIPTS = {
  record: `${TIME} ${EVENT} return seq`,
  set_: `${TIME} redis.call('HSET', 'by-hand:results', ARGV[1], cmsgpack.pack({ ARGV[2], at }))`,
  raise: `return redis.call('HINCRBY', 'by-hand:counts', ARGV[1], 1)`,
  claim: `${TIME} if redis.call('HEXISTS', 'by-hand:results', ARGV[1]) == 1 then return 0 end
    redis.call('HSET', 'by-hand:results', ARGV[1], cmsgpack.pack({ false, at, 'token', at + 60000000 })) return 1`,
  complete: `${TIME} local found = redis.call('HGET', 'by-hand:results', ARGV[1])
    if not found or cmsgpack.unpack(found)[3] ~= 'token' then return 0 end
    redis.call('HSET', 'by-hand:results', ARGV[1], cmsgpack.pack({ ARGV[2], at })) return 1`,
  transition: `${TIME} ${TRANSITION}`,
  acquire: `${TIME} local total = tonumber(redis.call('HGET', 'by-hand:totals', ARGV[2]) or 0)
    if total + 1 > tonumber(ARGV[3]) then return 0 end
    redis.call('HINCRBY', 'by-hand:totals', ARGV[2], 1)
    redis.call('HSET', 'by-hand:holds:' .. ARGV[1], ARGV[2], cmsgpack.pack({ 1, at, redis.call('INCR', 'by-hand:fence') })) return 1`,
  release: `local holds = redis.call('HKEYS', 'by-hand:holds:' .. ARGV[1])
    for _, resource in ipairs(holds) do redis.call('HINCRBY', 'by-hand:totals', resource, -1) end
    redis.call('DEL', 'by-hand:holds:' .. ARGV[1])`,
  batch: `${TIME} ${EVENT} ${TRANSITION} redis.call('HSET', 'by-hand:counts', ARGV[1], 3) return seq`,
} as const

type Scripted = Redis & Record<keyof typeof SCRIPTS, (...args: (string | number)[]) => Promise<unknown>>

export async function redisByHand(url: string): Promise<{ readonly side: Side; close(): Promise<void> }> {
  const client = new Redis(url) as Scripted
  for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 0, lua })
  const clear = async (): Promise<void> => {
    const keys = await client.keys('by-hand:*')
    if (keys.length > 0) await client.unlink(...keys)
  }
  await clear()
  return {
    side: {
      record: async (_, caller) => client.record(flowOf(caller), detailsJson()),
      set: async (turn) => client.set_(keyOf(turn), resultJson()),
      increment: async (turn) => client.raise(keyOf(turn)),
      'claim+complete': async () => {
        const key = freshKey()
        await client.claim(key)
        await client.complete(key, resultJson())
      },
      transition: async (_, caller) => client.transition(flowOf(caller)),
      'acquire+release': async (turn, caller) => {
        await client.acquire(flowOf(caller), resourceOf(turn), CAPACITY)
        await client.release(flowOf(caller))
      },
      atomically: async (_, caller) => client.batch(flowOf(caller), detailsJson()),
    },
    async close() {
      await clear()
      client.disconnect()
    },
  }
}
