import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { FailPoint } from './fail-point.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'failures'

withOwnServer('mongo', () => {
  let server: Server
  let point: FailPoint
  let storage: StorageHandle

  beforeAll(async () => {
    server = await start('mongo')
    point = new FailPoint(server.url)
    await prepare(server.url, namespace)
  })
  afterAll(async () => {
    await point.close()
    await server.stop()
  })
  beforeEach(async () => {
    storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 2_000 })
    await storage.init()
    await storage.resourceLock.acquire('warm', { r: 0 }, 0) // so that its session is registered
  })
  afterEach(() => storage.close())

  const fail: FailPoint['fail'] = (how, times) => point.fail(how, times)
  const failing: FailPoint['during'] = (how, act) => point.during(how, act)

  const writes = ['insert', 'update', 'delete', 'findAndModify']
  const set = (): Promise<unknown> => storage.context.setSession('f', '1')
  const compare = (): Promise<unknown> => storage.context.compareAndSetSession('g', null, '2')

  const refused: readonly [number, string, boolean][] = [
    [50, 'STORAGE_TIMEOUT', true],
    [13, 'STORAGE_PERMISSION', false],
    [14031, 'STORAGE_FULL', false],
    [26, 'STORAGE_SCHEMA', false],
    [10334, 'STORAGE_VALUE_TOO_LARGE', false],
    [20, 'STORAGE_CONFIGURATION', false],
    [85, 'STORAGE_SCHEMA', false],
    [86, 'STORAGE_SCHEMA', false],
    [146, 'STORAGE_FULL', false],
    [17419, 'STORAGE_VALUE_TOO_LARGE', false],
    [17420, 'STORAGE_VALUE_TOO_LARGE', false],
  ]

  test.each(refused)(
    'a write that the server refuses with %i is told as %s, not applied',
    async (errorCode, code, retryable) => {
      const expected = { code, outcome: 'not-applied', retryable }
      const failures = await failing({ failCommands: writes, errorCode }, () =>
        Promise.all([
          failureOf(set()),
          failureOf(compare()),
          failureOf(storage.resourceLock.acquire('g', { r: 1 }, 0)),
        ]),
      )
      expect(failures).toEqual([expected, expected, expected])
      expect(await storage.context.getSession('f')).toBeNull()
    },
  )

  const lost: readonly [number, string][] = [
    [189, 'STORAGE_UNAVAILABLE'],
    [11600, 'STORAGE_UNAVAILABLE'],
    [11602, 'STORAGE_UNAVAILABLE'],
    [10107, 'STORAGE_READ_ONLY'],
    [13435, 'STORAGE_READ_ONLY'],
  ]

  test.each(lost)(
    'a server that answers %i to each try, as one that steps down, is told as %s, and works afterwards',
    async (errorCode, code) => {
      const told = await failing({ failCommands: writes, errorCode }, () => failureOf(set()))
      expect(told.code).toBe(code)
      await storage.context.setSession('f', '2')
      expect(await storage.context.getSession('f')).toBe('2')
    },
  )

  test("what a collection's own validator refuses concerns no other write of its bulk", async () => {
    const db = point.admin.db('dir_storage')
    const collMod = `${namespace}.context_state`
    await db.command({ collMod, validator: { dataJson: { $ne: '"no"' } } })
    const [before, refusal, after] = await Promise.all([
      storage.context.setState('before', '1'),
      failureOf(storage.context.setState('refused', '"no"')),
      storage.context.setState('after', '2'),
    ])
    expect([before, after]).toEqual([undefined, undefined])
    expect(refusal).toEqual({ code: 'STORAGE_INVALID_ARGUMENT', outcome: 'not-applied', retryable: false })
    const states = await Promise.all(['before', 'refused', 'after'].map((id) => storage.context.getState(id)))
    expect(states).toEqual(['1', null, '2'])
    await db.command({ collMod, validator: {} })
  })

  test('a connection that breaks at every try leaves a write unknown, and an acquire not applied', async () => {
    // alone a write is one statement; in company, or where it takes several, it is a transaction that is not committed
    const failures = await failing({ failCommands: writes, closeConnection: true }, async () => [
      await failureOf(set()),
      await failureOf(storage.resourceLock.acquire('g', { r: 1 }, 0)),
      ...(await Promise.all([failureOf(set()), failureOf(compare())])),
    ])
    expect(failures.map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'not-applied',
      'not-applied',
      'not-applied',
    ])
    expect((await storage.resourceLock.getHolds()).map(({ dfid }) => dfid)).toEqual(['warm'])
  })

  test('a connection that breaks once is nothing that a caller notices', async () => {
    await fail({ failCommands: ['insert'], closeConnection: true }, 1)
    expect(await storage.decisionAudit.record('once', 'e')).toBe(1)
    await fail({ failCommands: ['update'], closeConnection: true }, 1)
    await storage.intentRetry.setCount('f', 1)
    await fail({ failCommands: ['findAndModify'], closeConnection: true }, 1)
    expect(await storage.intentRetry.increment('f')).toBe(2)
    await fail({ failCommands: ['commitTransaction'], closeConnection: true }, 2)
    expect((await storage.resourceLock.acquire('once', { r: 1 }, 5))?.expiresAt).toBeNull()
    expect((await storage.resourceLock.getHolds({ dfid: 'once' })).length).toBe(1)
    await storage.resourceLock.release('once')
  })

  test('a read that the server ends, whose cursor is gone, or whose server steps down, is asked again', async () => {
    await Promise.all(
      Array.from({ length: 150 }, (_, n) => storage.lifecycle.recordTransition('long', null, `s${n}`)),
    )
    const lost: readonly (readonly [string, number])[] = [
      ['getMore', 43],
      ['getMore', 237],
      ['find', 175],
      ['find', 11601],
      ['find', 13435],
      ['find', 365],
    ]
    for (const [command, errorCode] of lost) {
      await fail({ failCommands: [command], errorCode }, 3)
      expect(await storage.lifecycle.getTransitions('long')).toHaveLength(150)
    }
  })

  test('an event whose answer is lost again and again is there once', async () => {
    await fail({ failCommands: ['insert'], closeConnection: true }, 5)
    const seq = await storage.decisionAudit.record('lost', 'e')
    expect((await storage.decisionAudit.eventsForDfid('lost')).map((event) => event.seq)).toEqual([seq])
  })

  test('a majority that does not confirm makes a write unknown, and no event is doubled', async () => {
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
    const alone = await failing({ failCommands: ['update'], writeConcernError }, () => failureOf(set()))
    expect(alone.outcome).toBe('unknown')
    const event = (dfid: string): Promise<unknown> => storage.decisionAudit.record(dfid, 'e')
    await event('sure')
    const one = await failing({ failCommands: ['insert'], writeConcernError }, () =>
      failureOf(event('unsure')),
    )
    const two = await failing({ failCommands: ['commitTransaction'], writeConcernError }, () =>
      Promise.all([failureOf(event('unsure')), failureOf(event('unsure'))]),
    )
    expect([one, ...two].map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(await storage.decisionAudit.eventsForDfid('unsure')).toHaveLength(3)
  })

  test('a majority that can never confirm is a setting to mend, and what was written is unknown', async () => {
    const writeConcernError = { code: 100, errmsg: 'not enough data-bearing nodes' }
    const failure = await failing({ failCommands: writes, writeConcernError }, () => failureOf(set()))
    expect(failure).toEqual({ code: 'STORAGE_CONFIGURATION', outcome: 'unknown', retryable: false })
  })

  test('a commit whose result never comes leaves its acquire unknown, and a release removes it', async () => {
    const failure = await failing({ failCommands: ['commitTransaction'], closeConnection: true }, () =>
      failureOf(storage.resourceLock.acquire('g', { r: 1 }, 0)),
    )
    expect(failure.outcome).toBe('unknown')
    await storage.resourceLock.release('g')
    expect(await storage.resourceLock.getHolds({ dfid: 'g' })).toEqual([])
  })

  test('a transaction that a stranger leaves open holds up those who name the same, and nobody else', async () => {
    const session = point.admin.startSession()
    session.startTransaction()
    const versions = point.admin
      .db('dir_storage')
      .collection<{ _id: { kind: string; id: string }; version: number }>(`${namespace}.lock_versions`)
    await versions.updateOne(
      { _id: { kind: 'resource', id: 'busy' } },
      { $inc: { version: 1 } },
      { upsert: true, session },
    )
    const busy = storage.resourceLock.acquireBatch('slow', { busy: 1 }, 5) // much longer than the others take
    await sleep(100)
    const others = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        storage.resourceLock.acquireBatch(`quick ${n}`, { [`free ${n}`]: 1 }, 5),
      ),
    )
    expect(await Promise.race([others, busy])).toEqual(Array.from({ length: 20 }, () => true))
    expect(await busy).toBe(false)
    await session.abortTransaction()
    await session.endSession()
    expect(await storage.resourceLock.acquireBatch('slow', { busy: 1 }, 5)).toBe(true)
  })

  test('a transaction that others are in the way of is run again', async () => {
    await fail(
      { failCommands: ['commitTransaction'], errorCode: 112, errorLabels: ['TransientTransactionError'] },
      3,
    )
    // a commit that fails here leaves its transaction open, and each is in the next one's way until it is ended
    expect((await storage.resourceLock.acquire('again', { r: 1 }, 30))?.expiresAt).toBeNull()
    await fail(
      { failCommands: ['commitTransaction'], errorCode: 251, errorLabels: ['TransientTransactionError'] },
      2,
    )
    expect(await storage.atomically((batch) => batch.decisionAudit.record('again', 'e'))).toHaveLength(1)
    expect((await storage.decisionAudit.eventsForDfid('again')).length).toBe(1)
    await storage.resourceLock.release('again')
  })

  test('others in the way all the time: false for an acquire that must not wait, contention for a batch', async () => {
    const how = {
      failCommands: ['commitTransaction'],
      errorCode: 112,
      errorLabels: ['TransientTransactionError'],
    }
    const [granted, batch] = await failing(how, () =>
      Promise.all([
        storage.resourceLock.acquireBatch('h', { r: 1 }, 0),
        failureOf(
          storage.atomically((all) => {
            all.context.setState('h', '1')
            all.saga.markDirty('h', 'step', '{}')
          }),
        ),
      ]),
    )
    expect(granted).toBe(false)
    expect(batch).toEqual({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied', retryable: true })
    expect(await storage.resourceLock.getHolds({ dfid: 'h' })).toEqual([])
    expect(await storage.context.getState('h')).toBeNull()
  })
})
