import { setTimeout as sleep } from 'node:timers/promises'
import type { PruneSummary, StorageHandle, StorageRecord } from '@dir/storage-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { event, move, plant } from '../../../conformance/src/scenarios/plant.ts'
import { LAST, OLD, flow, prune, removedOf } from '../../../conformance/src/scenarios/prune-kit.ts'
import { redisCommand } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { startLossyProxy } from './lossy-proxy.ts'

const namespace = 'prune'

withServer('redis', (url) => {
  let storage: StorageHandle

  beforeEach(async () => {
    await dropNamespace({ url, namespace })
    storage = redisStorage({ url, namespace })
  })

  afterEach(async () => {
    await storage.close()
    await dropNamespace({ url, namespace })
  })

  const command = (name: string, key: string, ...words: string[]) =>
    redisCommand(url, name, `{${namespace}}:${key}`, ...words)

  const members = async (): Promise<number> => Number(await command('ZCARD', 'results_by_flow'))

  test('the index of keys by flow has what was claimed for one, until it is stored over, given up or pruned', async () => {
    const { idempotency } = storage
    const tokenOf = async (key: string): Promise<string> => {
      const claim = await idempotency.claim(key, { leaseSec: 60, dfid: `flow ${key}` })
      return claim.state === 'started' ? claim.token : ''
    }
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map(tokenOf))
    await idempotency.claim('of none', { leaseSec: 60 })
    expect(await members()).toBe(4)
    await idempotency.complete('a', tokens[0] ?? '', {})
    await idempotency.renewClaim('b', tokens[1] ?? '', 60)
    expect(await members()).toBe(4)
    await idempotency.abandon('b', tokens[1] ?? '')
    await idempotency.set('c', {})
    await idempotency.setIfAbsent('d', {})
    expect(await members()).toBe(1)
    await storage.lifecycle.recordTransition('flow a', null, 'DONE')
    await sleep(20)
    await storage.prune({ before: new Date().toISOString(), terminal: ['DONE'], keepResultsSec: 0 })
    expect(await members()).toBe(0)
    expect(await idempotency.getResultJson('a')).toBeNull()
  })

  test('an event that goes into the same script before a flow keeps it, whole', async () => {
    await plant(storage, [...flow('one', 1), ...flow('two', 10), LAST])
    const later = ['two', 'last'].map((dfid) => ({ dfid, event: 'LATER' }))
    let seqs: Promise<readonly number[]> | undefined
    const told = await prune(storage, {
      batchSize: 1,
      onProgress: () => {
        seqs ??= storage.decisionAudit.recordMany(later)
      },
    })
    expect(told).toEqual({ flows: 1, removed: removedOf(1), kept: { decisionAudit: 1 } })
    const kept = await storage.decisionAudit.eventsForDfid('two')
    expect(kept.map(({ seq }) => seq)).toEqual([10, 11, (await seqs)?.[0]])
  })

  /** How many scripts the server has run for anybody. */
  const scripts = async (): Promise<number> => {
    const stats = await redisCommand(url, 'INFO', 'commandstats')
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }

  test('long flows have a script each, which leaves nothing of them in any index', async () => {
    const lengths = [600, 4_500, 500, 500]
    const flows = lengths.map((_, n) => `flow ${n}`)
    const events = flows.flatMap((dfid, n) =>
      Array.from({ length: lengths[n] ?? 0 }, (__, at) =>
        event(10_000 * n + at + 1, dfid, { timestamp: OLD, agentId: 'agent' }),
      ),
    )
    await plant(storage, [...events, LAST, ...flows.map((dfid) => move(dfid, 'DONE', OLD))])
    const before = await scripts()
    const told = await prune(storage)
    expect((await scripts()) - before).toBeGreaterThanOrEqual(flows.length + 3) // a page of flows, two at the end
    expect(told.removed).toEqual({ decisionAudit: 6_100, lifecycle: 4 })
    const left = await Promise.all([
      command('XLEN', 'events'),
      command('ZCARD', 'events_by_flow'),
      command('ZCARD', 'events_by_time'),
      command('ZCARD', 'events_by_agent'),
      command('XLEN', 'transitions'),
      command(
        'EXISTS',
        'transitions_by_flow',
        ...['flows', 'flows_by_status', 'statuses'].map((name) => `{${namespace}}:${name}`),
      ),
    ])
    expect(left).toEqual(['1', '1', '1', '0', '0', '0'])
  })

  test('what is told of a removal whose reply is lost is what was removed', async () => {
    const records = Array.from({ length: 20 }, (_, n) => flow(`flow ${n}`, 10 * n + 1)).flat()
    await plant(storage, [...records, LAST])
    const proxy = await startLossyProxy(url)
    const throughProxy = redisStorage({ url: proxy.url, namespace, operationTimeoutMs: 2_000 })
    try {
      await throughProxy.init()
      const told: PruneSummary = await prune(throughProxy, {
        batchSize: 5,
        onProgress: () => (proxy.replies = 'cut'),
      })
      expect(told).toEqual({ flows: 20, removed: removedOf(20), kept: {} })
      expect(proxy.lost).toBeGreaterThanOrEqual(4)
    } finally {
      proxy.replies = 'pass'
      await throughProxy.close()
      await proxy.close()
    }
  })

  const transition = (dfid: string): StorageRecord => move(dfid, 'DONE', OLD)

  test('numbers of transitions go on after the last one was pruned, even where the counters were lost', async () => {
    await plant(storage, [transition('one'), transition('two')])
    expect((await prune(storage)).flows).toBe(2)
    await command('HDEL', 'meta', 'transitions')
    await using later = redisStorage({ url, namespace })
    await later.lifecycle.recordTransition('three', null, 'OPEN')
    expect(await later.lifecycle.getTransitions()).toHaveLength(1)
    expect(await command('HGET', 'meta', 'transitions')).toContain('3')
  })

  test('a store of which everything was pruned is empty, and can be imported into', async () => {
    await plant(storage, [transition('one')])
    expect((await prune(storage)).flows).toBe(1)
    await plant(storage, [transition('two')])
    expect((await storage.lifecycle.getTransitions()).map(({ dfid }) => dfid)).toEqual(['two'])
  })
})
