import { join } from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { expectQuick, firstPage, quickest } from '../../../test/load/quickest.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

test('a flow that is marked once the last one is cleared comes after it, also to who has read that far', async () => {
  await using storage = sqliteStorage(join(folder, 'marks.sqlite'))
  const { saga } = storage
  // as many as a page has, so that it is not known to be the last one
  const flows = Array.from({ length: 500 }, (_, n) => `flow ${n}`)
  await Promise.all(flows.map((dfid) => saga.markDirty(dfid, 'step', '{}')))
  const seen: string[] = []
  for await (const { dfid } of saga.listDirtyFlows()) {
    seen.push(dfid)
    if (dfid !== 'flow 499') continue
    await saga.clearDirty(dfid)
    await saga.markDirty('later', 'step', '{}')
  }
  expect(seen).toEqual([...flows, 'later'])
  await saga.markDirty('later', 'step', '{}')
  expect(await saga.getDirtyFlows()).toEqual([...flows.slice(0, -1), 'later'])
})

test('what Python could store and nobody can read is told, and the rest is shown', async () => {
  const path = join(folder, 'odd.sqlite')
  await using storage = sqliteStorage(path)
  const { agentRegistry, resourceLock, saga } = storage
  await agentRegistry.initSchema()
  const db = new BetterSqlite3(path)
  db.exec(`
    INSERT INTO agent_registry (agent_id) VALUES ('sound'), (''), (x'00'), (NULL);
    INSERT INTO agent_registry (agent_id, contract) VALUES ('contract', x'ff'), ('json', '{');
    INSERT INTO agent_registry (agent_id, registered_at) VALUES ('time', 'soon');
    INSERT INTO resource_locks (dfid, resource_id, amount) VALUES ('sound', 'r', 1), ('amount', 'r', 'much'), (x'00', 'r', 1);
    INSERT INTO resource_locks (dfid, resource_id, amount, acquired_at) VALUES ('time', 'r', 1, 'soon');
    INSERT INTO saga_dirty_state (dfid) VALUES ('sound'), (x'00'), (NULL);
    INSERT INTO saga_dirty_state (dfid, partial_state_json) VALUES ('state', '{');
    INSERT INTO saga_dirty_state (dfid, created_at) VALUES ('time', 'soon');`)
  db.close()
  const agents = await Array.fromAsync(agentRegistry.listAgents())
  expect(agents.map(({ agentId, error }) => [agentId, error?.column])).toEqual([
    ['', undefined],
    ['contract', 'contract'],
    ['json', 'contract'],
    ['sound', undefined],
    ['time', 'registered_at'],
  ])
  const old = { olderThanSec: 3_600 }
  const holds = async (filter?: object) =>
    (await Array.fromAsync(resourceLock.listHolds(filter))).map(({ dfid, error }) => [dfid, error?.column])
  expect(await holds()).toEqual([
    ['amount', 'amount'],
    ['sound', undefined],
    ['time', 'acquired_at'],
  ])
  expect(await holds(old)).toEqual([['time', 'acquired_at']])
  const marks = async (filter?: object) =>
    (await Array.fromAsync(saga.listDirtyFlows(filter))).map(({ dfid, error }) => [dfid, error?.column])
  expect(await marks()).toEqual([
    ['sound', undefined],
    ['state', 'partial_state_json'],
    ['time', 'created_at'],
  ])
  expect(await marks(old)).toEqual([['time', 'created_at']])
})

test('ids whose bytes are no text are listed once, wherever a page ends', async () => {
  const path = join(folder, 'bytes.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  // each the last of a page: what is shown of it would be before it
  const ids = `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 600),
    ids (id) AS (SELECT CAST(x'ff' || CAST(printf('%04d', i) AS BLOB) AS TEXT) FROM n)`
  db.exec(`${ids} INSERT INTO agent_registry (agent_id) SELECT id FROM ids;
    ${ids} INSERT INTO resource_locks (dfid, resource_id, amount) SELECT id, 'r', 1 FROM ids;
    ${ids} INSERT INTO resource_locks (dfid, resource_id, amount) SELECT 'f', id, 1 FROM ids;
    ${ids} INSERT INTO saga_dirty_state (dfid) SELECT id FROM ids;
    ${ids} INSERT INTO flow_transitions (dfid, to_status) SELECT id, 'S' FROM ids`)
  db.close()
  const { agentRegistry, resourceLock, saga, lifecycle } = storage
  const shown = Array.from({ length: 600 }, (_, n) => `\ufffd${String(n + 1).padStart(4, '0')}`)
  expect((await Array.fromAsync(agentRegistry.listAgents())).map(({ agentId }) => agentId)).toEqual(shown)
  expect(
    (await Array.fromAsync(resourceLock.listHolds())).map(({ dfid, resourceId }) => `${dfid} ${resourceId}`),
  ).toEqual([...shown.map((id) => `f ${id}`), ...shown.map((id) => `${id} r`)])
  expect((await Array.fromAsync(saga.listDirtyFlows())).map(({ dfid }) => dfid)).toEqual(shown)
  expect((await Array.fromAsync(lifecycle.listFlows({ status: 'S' }))).map(({ dfid }) => dfid)).toEqual(shown)
})

test('a page of a list takes no longer in a store of a hundred thousand', { timeout: 60_000 }, async () => {
  const path = join(folder, 'growth.sqlite')
  await using storage = sqliteStorage(path)
  const lists = pagesOf(storage)
  await storage.init()
  const fill = (from: number, to: number): void => {
    const db = new BetterSqlite3(path)
    const numbers = `WITH RECURSIVE n (i) AS (VALUES (${from}) UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`
    db.exec(`BEGIN;
      ${numbers} INSERT INTO agent_registry (agent_id, status) SELECT 'agent ' || i, 'S' || (i % 7) FROM n;
      ${numbers} INSERT INTO resource_locks (dfid, resource_id, amount) SELECT 'flow ' || i, 'r' || (i % 7), 1 FROM n;
      ${numbers} INSERT INTO saga_dirty_state (dfid) SELECT 'flow ' || i FROM n;
      COMMIT`)
    db.close()
  }
  fill(1, 1_000)
  const before: number[] = []
  for (const list of lists) before.push(await quickest(() => firstPage(list())))
  fill(1_001, 100_000)
  for (const [index, list] of lists.entries())
    await expectQuick(() => firstPage(list()), 5 * (before[index] ?? 0) + 0.5, `list ${index}`)
})

/** Where only the first page has what fits, it is in the first hundred of it. */
function pagesOf({
  agentRegistry,
  resourceLock,
  saga,
}: StorageHandle): readonly (() => AsyncIterable<unknown>)[] {
  return [
    () => agentRegistry.listAgents(),
    () => agentRegistry.listAgents({ status: 'S3' }),
    () => resourceLock.listHolds(),
    () => resourceLock.listHolds({ resourceId: 'r3' }),
    () => saga.listDirtyFlows(),
  ]
}
