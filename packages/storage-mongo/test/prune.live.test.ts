import { MongoClient } from 'mongodb'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { withOwnServer, withServer } from '../../../scripts/servers/live.ts'
import { start } from '../../../scripts/servers/index.ts'
import { type MongoStorageOptions, dropNamespace, mongoStorage } from '../src/index.ts'
import { FailPoint } from './fail-point.ts'
import { prepare } from './prepare.ts'

const namespace = 'pruned'
const OLD = '2026-01-02T03:04:05.000000Z'
const DONE = { before: '2026-02-01T00:00:00Z', terminal: ['DONE'] }
/** Of what was written just now, too. */
const now = () => ({ ...DONE, before: new Date().toISOString(), keepResultsSec: 0 })

withServer('mongo', (url) => {
  const client = new MongoClient(url, { monitorCommands: true })
  const collection = (name: string) =>
    client.db('dir_storage').collection<{ _id: unknown }>(`${namespace}.${name}`)
  const open = (options: Partial<MongoStorageOptions> = {}) => mongoStorage({ url, namespace, ...options })
  const numbersOf = async (name: string): Promise<unknown[]> =>
    (await collection(name).find({ removedAt: null }).sort({ _id: 1 }).toArray()).map(({ _id }) => _id)

  beforeEach(() => dropNamespace({ url, namespace }))
  afterAll(async () => {
    await dropNamespace({ url, namespace })
    await client.close()
  })

  test('no number of what was written and pruned just now comes back, from a handle that does not know of it either', async () => {
    await using one = open()
    await using other = open()
    for (const { decisionAudit, lifecycle } of [one, other]) {
      await decisionAudit.record('flow', 'BEGUN')
      await lifecycle.recordTransition('flow', null, 'DONE')
    }
    await other.decisionAudit.record('last', 'LATER')
    expect((await other.prune(now())).removed).toEqual({ decisionAudit: 2, lifecycle: 2 })
    expect(await one.decisionAudit.record('last', 'LATER')).toBe(4)
    for (const storage of [one, other, one]) await storage.lifecycle.recordTransition('new', null, 'OPEN')
    expect(await numbersOf('lifecycle_transitions')).toEqual([3, 4, 5])

    expect((await one.decisionAudit.allEventsChronological()).map(({ seq }) => seq)).toEqual([3, 4])
    expect(await one.lifecycle.getTransitions()).toHaveLength(3)
    const records = await Array.fromAsync(one.exportRecords())
    expect(records.map(({ type }) => type).toSorted()).toEqual([
      'counters',
      'event',
      'event',
      'transition',
      'transition',
      'transition',
    ])
  })

  test('the numbers of transitions go on where the last one was pruned', async () => {
    await using storage = open()
    await storage.lifecycle.recordTransition('flow', null, 'DONE')
    await collection('lifecycle_transitions').updateMany({}, { $set: { createdAt: OLD } })
    await collection('lifecycle_flows').updateMany({}, { $set: { since: OLD } })
    expect((await storage.prune(DONE)).flows).toBe(1)
    expect(await collection('lifecycle_transitions').countDocuments()).toBe(0)
    await using other = open()
    for (const one of [other, storage]) await one.lifecycle.recordTransition('flow', null, 'OPEN')
    expect(await numbersOf('lifecycle_transitions')).toEqual([2, 3])
  })

  test('what a handle remembers does not lower the number up to which transitions were issued', async () => {
    await using one = open()
    await using other = open()
    await one.lifecycle.recordTransition('ended', null, 'ENDED')
    for (const dfid of ['a', 'b']) await other.lifecycle.recordTransition(dfid, null, 'DONE')
    // else the numbers would be kept
    await collection('lifecycle_transitions').updateMany({}, { $set: { createdAt: OLD } })
    await collection('lifecycle_flows').updateMany({}, { $set: { since: OLD } })
    expect((await other.prune(DONE)).flows).toBe(2)
    expect((await one.prune({ ...DONE, terminal: ['ENDED'] })).flows).toBe(1)
    await using third = open()
    await third.lifecycle.recordTransition('new', null, 'OPEN')
    expect(await numbersOf('lifecycle_transitions')).toEqual([4])
  })

  test('what a batch that found no session left of it goes with the flow', async () => {
    await using storage = open()
    await storage.atomically((batch) => {
      batch.expectSession('flow', null)
      batch.lifecycle.recordTransition('flow', null, 'DONE')
    })
    expect(await collection('context_session').countDocuments()).toBe(1)
    expect(await storage.prune(now())).toEqual({ flows: 1, removed: { lifecycle: 1 }, kept: {} })
    for (const name of ['context_session', 'lifecycle_flows'])
      expect(await collection(name).countDocuments()).toBe(0)
  })

  test('large flows are removed by several commits', async () => {
    const [flows, events] = [20, 1_000]
    await using storage = mongoStorage({ client, namespace, operationTimeoutMs: 60_000 })
    await storage.init()
    const log = Array.from({ length: flows * events }, (_, n) => {
      const text = { event: 'E', stepId: '', state: '', detailsJson: '{}' }
      return { _id: n + 1, dfid: `flow ${n % flows}`, timestamp: OLD, ...text }
    })
    await collection('decision_audit_events').insertMany(log)
    await storage.decisionAudit.record('last', 'LAST')
    for (let n = 0; n < flows; n++) await storage.lifecycle.recordTransition(`flow ${n}`, null, 'DONE')
    let commits = 0
    client.on('commandStarted', ({ commandName }) => {
      if (commandName === 'commitTransaction') commits++
    })
    expect((await storage.prune(now())).removed).toEqual({ decisionAudit: flows * events, lifecycle: flows })
    // two of them fit into one, and not all may come at the same moment
    expect(commits).toBeGreaterThanOrEqual(flows / 2)
    expect(commits).toBeLessThanOrEqual(flows)
  }, 60_000)
})

withOwnServer('mongo', () => {
  test('a flow that was pruned while another handle followed it is not listed again', async () => {
    const server = await start('mongo')
    const point = new FailPoint(server.url)
    try {
      await prepare(server.url, namespace)
      const open = () => mongoStorage({ url: server.url, namespace })
      await using one = open()
      await one.init()
      const transitions = point.admin
        .db('dir_storage')
        .collection<{ _id: number }>(`${namespace}.lifecycle_transitions`)
      // as an older version of the package wrote it
      const moved = { dfid: 'flow', fromStatus: null, toStatus: 'DONE', createdAt: OLD }
      await transitions.insertOne({ _id: 1, ...moved })
      await using other = open()
      const late = { failCommands: ['update'], namespace: `dir_storage.${namespace}.lifecycle_flows` }
      await point.fail({ ...late, blockConnection: true, blockTimeMS: 1_000 }, 1)
      const followed = other.init()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect((await one.prune(DONE)).flows).toBe(1)
      await followed
      expect(await Array.fromAsync(other.lifecycle.listFlows())).toEqual([])
    } finally {
      await point.close()
      await server.stop()
    }
  }, 60_000)
})
