import { join } from 'node:path'
import { type StorageHandle, isStorageError, pyFloat } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const PATIENCE = { operationTimeoutMs: 60_000 }
let count = 0
let path: string
let storage: StorageHandle
/** The application's own connection. */
let app: BetterSqlite3.Database

beforeEach(async () => {
  path = join(folder, `${++count}.sqlite`)
  storage = sqliteStorage({ path, ...PATIENCE })
  await storage.init()
  app = new BetterSqlite3(path, { timeout: 0 })
  app.exec('CREATE TABLE orders (id TEXT PRIMARY KEY, amount INTEGER)')
})

afterEach(async () => {
  app.close()
  await storage.close()
})

const order = (id: string): void => void app.prepare('INSERT INTO orders VALUES (?, 250)').run(id)
const orders = (): unknown[] => app.prepare('SELECT id FROM orders ORDER BY id').pluck().all()
const events = async (): Promise<string[]> =>
  (await Array.fromAsync(storage.decisionAudit.events())).map(({ event }) => event)

/** What a call is refused with. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    if (!isStorageError(error)) throw error
    const reason = 'reason' in error ? error.reason : null
    return [error.code, error.outcome, error.retryable, reason]
  }
}

const invalid = (reason: string): unknown => ['STORAGE_INVALID_ARGUMENT', 'not-applied', false, reason]
const CONTENTION = ['STORAGE_RESOURCE_CONTENTION', 'not-applied', true, null]

test('an order and its event are there together, or neither', async () => {
  for (const end of ['COMMIT', 'ROLLBACK']) {
    app.exec('BEGIN IMMEDIATE')
    order(end)
    const inside = storage.within(app)
    await inside.decisionAudit.record('flow', end)
    expect(await inside.lifecycle.transition(end, null, 'ORDERED')).toBe(true)
    app.exec(end)
  }
  expect([orders(), await events()]).toEqual([['COMMIT'], ['COMMIT']])
  expect(await storage.lifecycle.getCurrentStatus('ROLLBACK')).toBe(null)
})

test('refuses what is no open transaction on the same file, and leaves it usable', async () => {
  const record = (client: object, of = storage): Promise<unknown> =>
    refusalOf(() => of.within(client).decisionAudit.record('flow', 'EVENT'))
  const read = (client: object): Promise<unknown> =>
    refusalOf(() => storage.within(client).context.getSession('flow'))

  const none = invalid('has no open transaction: run BEGIN IMMEDIATE on it before')
  expect([await record(app), await read(app)]).toEqual([none, none])
  for (const stranger of [{}, app.prepare('SELECT 1'), { prepare() {}, pragma() {}, open: true }, []])
    expect(await record(stranger)).toEqual(invalid('must be a Database of better-sqlite3'))
  const hostile = new Proxy(app, {
    get() {
      throw new RangeError('not yours')
    },
  })
  expect(await record(hostile)).toEqual(invalid('cannot be asked what it is'))

  const elsewhere = invalid('has another file open than this handle')
  for (const file of [join(folder, `other ${count}.sqlite`), ':memory:', '']) {
    const other = new BetterSqlite3(file)
    other.exec('BEGIN IMMEDIATE')
    expect(await record(other)).toEqual(elsewhere)
    expect(other.inTransaction).toBe(true)
    other.close()
    expect(await record(other)).toEqual(invalid('is closed'))
  }
  await using inMemory = sqliteStorage(':memory:')
  app.exec('BEGIN IMMEDIATE')
  expect(await record(app, inMemory)).toEqual(
    invalid('cannot share a store that lies in the memory of its handle: use a file'),
  )

  order('kept')
  const list = app.prepare('SELECT name FROM sqlite_master').iterate()
  list.next()
  const busy = invalid('is in the middle of iterate(): end that before')
  expect([await record(app), await read(app)]).toEqual([busy, busy])
  list.return?.()
  expect(await record(app)).toBe(1)
  app.exec('COMMIT')
  expect([orders(), await events()]).toEqual([['kept'], ['EVENT']])

  const readonly = new BetterSqlite3(path, { readonly: true })
  readonly.exec('BEGIN')
  expect(await record(readonly)).toEqual(['STORAGE_READ_ONLY', 'not-applied', false, null])
  expect(await storage.within(readonly).decisionAudit.eventsForDfid('flow')).toHaveLength(1)
  readonly.exec('ROLLBACK')
  readonly.close()

  const late = new BetterSqlite3(path)
  late.exec('BEGIN IMMEDIATE')
  const inside = storage.within(late)
  late.close()
  expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual(invalid('is closed'))
})

test("leaves the application's settings as they were", async () => {
  const settings = (): unknown[] =>
    ['foreign_keys', 'recursive_triggers', 'synchronous', 'busy_timeout', 'temp_store', 'journal_mode'].map(
      (name) => [name, app.pragma(name, { simple: true })],
    )
  app.exec('PRAGMA foreign_keys = OFF; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 321')
  const before = settings()
  app.exec('BEGIN IMMEDIATE')
  order('one')
  const inside = storage.within(app)
  await inside.decisionAudit.record('flow', 'EVENT')
  expect(await inside.resourceLock.acquireBatch('flow', { usd: 1 }, 0)).toBe(true)
  expect(app.prepare('SELECT amount FROM orders').get()).toEqual({ amount: 250 })
  app.exec('SAVEPOINT work; INSERT INTO orders VALUES (NULL, 1)')
  await inside.decisionAudit.record('flow', 'UNDONE')
  app.exec('ROLLBACK TO work; RELEASE work')
  app.exec('COMMIT')
  expect([settings(), orders(), await events()]).toEqual([before, ['one'], ['EVENT']])

  app.defaultSafeIntegers(true)
  app.exec('BEGIN IMMEDIATE')
  expect(await inside.intentRetry.increment('flow')).toBe(1)
  expect(app.prepare('SELECT amount FROM orders').get()).toEqual({ amount: 250n })
  app.exec('ROLLBACK')
})

test('other calls of the handle wait for the transaction, and go on after it', async () => {
  app.exec('BEGIN IMMEDIATE')
  await storage.within(app).decisionAudit.record('flow', 'INSIDE')
  let isWritten = false
  const others = Promise.all([
    storage.decisionAudit.record('flow', 'OUTSIDE').then(() => (isWritten = true)),
    storage.intentRetry.increment('flow'),
  ])
  await using reader = sqliteStorage({ path, ...PATIENCE })
  expect(await Array.fromAsync(reader.decisionAudit.events())).toEqual([]) // reads do not wait
  expect(isWritten).toBe(false)
  app.exec('COMMIT')
  await others
  expect(await events()).toEqual(['INSIDE', 'OUTSIDE'])

  app.exec('BEGIN IMMEDIATE')
  const impatient = sqliteStorage({ path, operationTimeoutMs: 50 })
  await impatient.init()
  expect(await refusalOf(() => impatient.decisionAudit.record('flow', 'NEVER'))).toEqual(CONTENTION)
  app.exec('ROLLBACK')
  await impatient.close()
  expect(await events()).toEqual(['INSIDE', 'OUTSIDE'])
})

test('numbers are given as the handle gives them', async () => {
  const exact = sqliteStorage({ path, numbers: 'exact' })
  await exact.init()
  app.exec('BEGIN')
  const { saga } = exact.within(app)
  await saga.markDirty('numbers', 'step', '67.0')
  expect((await saga.getDirtyState('numbers'))?.partialState).toEqual(pyFloat(67))
  expect((await storage.within(app).saga.getDirtyState('numbers'))?.partialState).toBe(67)
  app.exec('ROLLBACK')
  await exact.close()
})

test('a transaction that began by reading is refused where others wrote since, and succeeds when run again', async () => {
  app.exec('BEGIN')
  expect(orders()).toEqual([])
  await storage.decisionAudit.record('flow', 'OTHER')
  const inside = storage.within(app)
  expect(await inside.decisionAudit.eventsForDfid('flow')).toEqual([])
  expect(await refusalOf(() => inside.decisionAudit.record('flow', 'MINE'))).toEqual(CONTENTION)
  app.exec('ROLLBACK')

  // one that has the lock is in the way too
  const rival = new BetterSqlite3(path)
  rival.exec('BEGIN IMMEDIATE')
  app.exec('BEGIN')
  expect(await refusalOf(() => inside.decisionAudit.record('flow', 'MINE'))).toEqual(CONTENTION)
  rival.exec('ROLLBACK')
  rival.close()
  expect(await inside.decisionAudit.record('flow', 'MINE')).toBe(2)
  app.exec('COMMIT')
  expect(await events()).toEqual(['OTHER', 'MINE'])
})

test('what fails half-way leaves nothing', async () => {
  const inside = storage.within(app)
  const batch = (text: string): Promise<unknown> =>
    refusalOf(() =>
      inside.atomically((both) => {
        both.decisionAudit.record('flow', 'HALF')
        both.context.setSession('flow', JSON.stringify(text))
      }),
    )
  const schema = ['STORAGE_SCHEMA', 'not-applied', false, null]

  app.exec(`CREATE TRIGGER refuses BEFORE INSERT ON context_session BEGIN SELECT RAISE(ABORT, 'no'); END`)
  app.exec('BEGIN IMMEDIATE')
  order('kept')
  expect(await batch('small')).toEqual(schema)
  await inside.decisionAudit.record('flow', 'WHOLE')
  app.exec('COMMIT')

  app.exec('DROP TRIGGER refuses')
  app.exec(`CREATE TRIGGER ends BEFORE INSERT ON context_session BEGIN SELECT RAISE(ROLLBACK, 'no'); END`)
  app.exec('BEGIN IMMEDIATE')
  order('undone by the trigger')
  expect(await batch('small')).toEqual(schema)
  expect(app.inTransaction).toBe(false)

  app.exec('DROP TRIGGER ends')
  app.pragma(`max_page_count = ${Number(app.pragma('page_count', { simple: true })) + 20}`)
  app.exec('BEGIN IMMEDIATE')
  order('undone by SQLite')
  expect(await batch('x'.repeat(1_000_000))).toEqual(['STORAGE_FULL', 'not-applied', false, null])
  expect(app.inTransaction).toBe(false)
  expect(await batch('small')).toEqual(invalid('has no open transaction: run BEGIN IMMEDIATE on it before'))

  expect([orders(), await events()]).toEqual([['kept'], ['WHOLE']])
  expect(await storage.context.getSession('flow')).toBe(null)
})

test('hundreds of calls at once go one after the other', async () => {
  app.exec('BEGIN IMMEDIATE')
  const [one, other] = [storage.within(app), storage.within(app)]
  const seqs = await Promise.all(
    Array.from({ length: 500 }, (_, n) => (n % 2 === 0 ? one : other).decisionAudit.record('flow', `E${n}`)),
  )
  app.exec('COMMIT')
  expect(seqs).toEqual(Array.from({ length: 500 }, (_, n) => n + 1))
  expect(await events()).toEqual(seqs.map((seq) => `E${seq - 1}`))
})

test('calls that are under way when the handle closes are carried out, and later ones refused', async () => {
  app.exec('BEGIN IMMEDIATE')
  const inside = storage.within(app)
  const calls = Array.from({ length: 20 }, () => inside.decisionAudit.record('flow', 'EVENT'))
  const closed = storage.close()
  expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual([
    'STORAGE_CLOSED',
    'not-applied',
    false,
    null,
  ])
  expect(await Promise.all(calls)).toEqual(calls.map((_, n) => n + 1))
  await closed
  app.exec('COMMIT')
  expect(app.prepare('SELECT COUNT(*) FROM decision_audit_events').pluck().get()).toBe(20)
})
