import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageRecord } from '@dir/storage-core'
import { afterAll, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'
import { type PythonCall, answerOf } from './python-getters.ts'

// python-edge.sqlite holds what Python let itself be talked into: numbers in JSON columns, invalid JSON, NULL ids,
// infinite amounts. Where our answer differs from Python's, this says how.
const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url)
const { calls } = JSON.parse(readFileSync(fixture('python-edge.expected.json'), 'utf8')) as {
  readonly calls: readonly PythonCall[]
}

const path = join(testFolder(), 'python.sqlite')
copyFileSync(fixture('python-edge.sqlite'), path)
const storage = sqliteStorage({ path, numbers: 'exact' })
afterAll(() => storage.close())

const STORED_DATA = 'STORAGE_STORED_DATA'
const INVALID = 'STORAGE_INVALID_ARGUMENT'

const agent = (id: string, contract: string): string =>
  `{"agent_id": "${id}", "agent_version": null, "contract": ${contract}, "priority": 0, "session_token": null, "status": "ACTIVE"}`
const event = (flow: string, second: number, details: string): string =>
  `{"details": ${details}, "dfid": "flow-${flow}", "event": "E", "state": "", "step_id": "", "timestamp": "2026-03-01T00:00:0${second}.00000${second}Z"}`

const NAN = '{"i": "Infinity", "j": "-Infinity", "n": "NaN"}'
const LONE = String.raw`{"\ud83d": "\ude00", "\ud83d\udc00x": "\udfff"}`

/** By call: what we answer, or the code of the error. */
const OURS: Readonly<Record<string, string>> = {
  // NaN and the infinities, which JSON lacks, are read, and printed as strings
  'get_agent("contract-nan")': agent('contract-nan', '{"i": "Infinity", "n": "NaN"}'),
  'get("nan")': NAN,
  'events_for_dfid("flow-nan")': `[${event('nan', 1, NAN)}]`,
  'get_dirty_state("nan")': '{"failed_step": "s", "partial_state": ["NaN"]}',
  // JSON that NUMERIC affinity turned into a number, where Python raises TypeError
  'get_agent("contract-5")': agent('contract-5', '5'),
  'get_agent("contract-1.0")': agent('contract-1.0', '1'),
  'events_for_dfid("flow-int")': `[${event('int', 2, '5')}]`,
  'events_for_dfid("flow-float")': `[${event('float', 3, '1.5')}]`,
  'all_events_chronological()': `[${[
    event('nan', 1, NAN),
    event('int', 2, '5'),
    event('float', 3, '1.5'),
    event('lone', 4, LONE),
    event('list', 4, '[1, 2]'),
  ].join(', ')}]`,
  // no number of JSON, and no text of a session either
  'get_session("num:1e400")': STORED_DATA,
  'get_state("num:1e400")': STORED_DATA,
  // invalid JSON and wrong types
  'get_agent("contract-invalid")': STORED_DATA,
  'get_agent("priority-text")': STORED_DATA,
  'get_dirty_state("invalid")': STORED_DATA,
  'get_count("text")': STORED_DATA,
  'get_locked_amount("all","f-inf")': STORED_DATA,
  // ids that are none
  'get_agent(null)': INVALID,
  'get_status(null)': INVALID,
  // our order, and no NULL id
  'list_active_agents()':
    '["contract-1.0", "contract-5", "contract-invalid", "contract-nan", "contract-none", "priority-1.5", "priority-2.0", "priority-none", "priority-numeric-text", "priority-text", "priority-true", "status-none"]',
  'get_dirty_flows()': '["invalid", "nan", "five"]',
  // one moment, however it is written; and what is no time
  'get_window_count("a","2026-03-03 12:00:00.000000")': '1',
  'get_window_count("a","2026-03-03T11:00:00")': '1',
  'get_window_count("a","2026-03-03T11:00:00Z")': '1',
  'get_window_count("a","2026-03-03T11:00:00+00:00")': '1',
  'get_window_count("a","2026-03-03 13:00:00+02:00")': '1',
  'get_window_count("a","20260303")': INVALID,
  'get_window_count("a","2999")': INVALID,
  'get_window_count("a","")': INVALID,
  'get_window_count("a","garbage")': INVALID,
  'get_window_count("a","now")': INVALID,
}

function expected({ storage: name, method, args, result_json: json }: PythonCall): string | undefined {
  const ours = OURS[`${method}(${JSON.stringify(args).slice(1, -1)})`]
  if (ours !== undefined) return ours
  if (method === 'get_locked_amount') return INVALID // an empty excludeDfid
  // where Python gives a number out of a JSON column, we give its text, as for every session
  return name === 'context' && json !== undefined && !json.startsWith('"') ? `"${json}"` : json
}

// a result that is no object at all is told by its own test below
const odd = (call: PythonCall) =>
  call.storage === 'idempotency' && ['int', 'float'].includes(call.args[0] ?? '')
const cases = calls.filter((call) => call.method !== 'get_pending_requests' && !odd(call))

test.each(cases.map((call) => [`${call.method}(${JSON.stringify(call.args)})`, call] as const))(
  '%s',
  async (_, call) => {
    const answer = await answerOf(storage, call).catch((error: { readonly code: string }) => error.code)
    expect(answer).toBe(expected(call))
  },
)

test('a pending request with invalid JSON stays in the list, with null, its text and the error', async () => {
  const [ok, bad, ...rest] = await storage.escalation.getPendingRequests()
  const createdAt = '2026-03-03T12:00:00.000000Z'
  expect(ok).toEqual({
    dfid: 'ok',
    agentId: 'a',
    reason: '',
    context: {},
    contextJson: '{}',
    proposal: {},
    proposalJson: '{}',
    impact: '',
    createdAt,
  })
  const { error, ...fields } = bad ?? {}
  expect(fields).toEqual({
    dfid: 'bad-context',
    agentId: 'a',
    reason: 'r',
    context: null,
    contextJson: '{nope',
    proposal: {},
    proposalJson: '{}',
    impact: 'i',
    createdAt,
  })
  expect([error?.code, error?.table, error?.column]).toEqual([
    STORED_DATA,
    'escalation_requests',
    'context_json',
  ])
  expect(rest).toEqual([])
})

test.each([
  ['r-nan', 0],
  ['r-none', 0],
  ['r-numeric-text', 5],
  ['r-true', 1],
  ['r-neg-zero', 0],
])('what is held of %s is %d', async (resource, amount) => {
  expect(await storage.resourceLock.getLockedAmount(resource, null)).toBe(amount)
})

test.each(['r-inf', 'r--inf', 'r-text', 'all'])(
  'what is held of %s cannot be summed, nor acquired',
  async (resource) => {
    const refusal = expect.objectContaining({ code: STORED_DATA, table: 'resource_locks', column: 'amount' })
    await expect(storage.resourceLock.getLockedAmount(resource, null)).rejects.toThrow(refusal)
    const options = { capacities: { [resource]: 100, free: 100 } }
    await expect(storage.resourceLock.acquire('f', { free: 1, [resource]: 1 }, 0, options)).rejects.toThrow(
      refusal,
    )
    expect(await storage.resourceLock.getHolds({ dfid: 'f' })).toEqual([])
  },
)

test('a hold with an amount that is no number is listed with null and the error', async () => {
  const holds = await storage.resourceLock.getHolds({ resourceId: 'r-text' })
  const { error, ...fields } = holds[0] ?? {}
  expect(fields).toEqual({
    dfid: 'f-text',
    resourceId: 'r-text',
    amount: null,
    acquiredAt: '2026-03-01T00:00:04.000000Z',
    expiresAt: null,
    fence: 0,
  })
  expect(error?.column).toBe('amount')
  expect(holds).toHaveLength(1)
})

test('an export marks what this contract cannot hold, and an import leaves it out', async () => {
  const records = await Array.fromAsync(storage.exportRecords())
  const unfit = (all: readonly StorageRecord[]) => all.filter((record) => record.unfit !== undefined)
  const idOf = (record: StorageRecord) => Object.values(record).slice(0, 3).join(' ')
  expect(unfit(records).map(idOf)).toMatchInlineSnapshot(`
    [
      "agent contract-invalid {nope",
      "agent contract-nan {"n": NaN, "i": Infinity}",
      "agent priority-text {}",
      "agent priority-1.5 {}",
      "agent  {"null":"id"}",
      "session num:1e400 ",
      "state num:1e400 ",
      "idempotency nan {"i": Infinity, "j": -Infinity, "n": NaN}",
      "event 1 flow-nan",
      "dirtyFlow invalid s",
      "dirtyFlow nan s",
      "hold f-inf r-inf",
      "hold f-inf all",
      "hold f--inf r--inf",
      "hold f--inf all",
      "hold f-text r-text",
      "hold f-text all",
      "retryCount 1.5 1.5",
      "retryCount text ",
      "request bad-context a",
      "request resolved-oddly a",
    ]
  `)
  await using copy = sqliteStorage(':memory:')
  const skipped = unfit(records).length
  expect(await copy.importRecords(records, { unfit: 'skip' })).toEqual({
    imported: records.length - skipped - 1, // the counters are no record of their own there
    skipped,
  })
  const copied = await Array.fromAsync(copy.exportRecords())
  const counters = { ...records.at(-1), records: records.length - skipped - 1 }
  expect(copied).toEqual([...records.slice(0, -1).filter((record) => record.unfit === undefined), counters])
})
