import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './places.ts'
import { startRedis } from './redis.ts'
import { redisCommand } from './redis-command.ts'
import type { Server } from './server.ts'
import { startTogether, stopAll } from './together.ts'

const MASTERS = 3
const SLOTS = 16_384
const READY_MS = 20_000

export interface RedisCluster {
  /** The first node's; a client finds the others through it. */
  readonly url: string
  readonly nodes: readonly Server[]
  stop(): Promise<void>
}

/** A Redis Cluster of three masters, each with a third of the slots, and nothing on disk. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await startTogether(MASTERS, startNode)
  try {
    await join(nodes)
    await agreed(nodes)
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
  return { url: nodes[0]?.url ?? '', nodes, stop: () => stopAll(nodes) }
}

async function startNode(): Promise<Server> {
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': '2000',
    'cluster-port': String(await freePort()),
  }
  return startRedis({ durable: false, settings })
}

async function join(nodes: readonly Server[]): Promise<void> {
  for (const [index, { url }] of nodes.entries()) {
    const [first, next] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / nodes.length))
    await redisCommand(url, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(Number(next) - 1))
    await redisCommand(url, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  const [first, ...others] = nodes
  for (const { url, port } of others) {
    const bus = await redisCommand(url, 'CONFIG', 'GET', 'cluster-port')
    const busPort = /(\d+)\s*$/.exec(bus)?.[1] ?? ''
    await redisCommand(first?.url ?? '', 'CLUSTER', 'MEET', '127.0.0.1', String(port), busPort)
  }
}

/** Waits until every node knows all the others and serves all slots. */
async function agreed(nodes: readonly Server[]): Promise<void> {
  const wanted = ['cluster_state:ok', `cluster_known_nodes:${nodes.length}`, `cluster_slots_ok:${SLOTS}`]
  const end = performance.now() + READY_MS
  for (;;) {
    const states = await Promise.all(nodes.map(({ url }) => redisCommand(url, 'CLUSTER', 'INFO')))
    if (states.every((state) => wanted.every((line) => state.includes(line)))) return
    if (performance.now() > end) throw new Error(`Redis Cluster is not ready\n${states.join('\n')}`)
    await sleep(50)
  }
}
