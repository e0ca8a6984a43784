/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS, type StorageHandle, type StorageRecord } from '@dir/storage-core'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { group } from './kit.ts'

type Records = readonly StorageRecord[]

/** All but events, of which the number says more. */
const KINDS = [
  ...['agent', 'session', 'state', 'idempotency', 'dirtyFlow', 'hold', 'retryCount', 'budgetToken'],
  ...['request', 'transition'],
]

/** What may become of an export on its way. */
const DAMAGED: readonly (readonly [what: string, damage: (whole: Records) => Records])[] = [
  ['without its last record', (whole) => whole.slice(0, -1)],
  ['cut off in the middle', (whole) => whole.slice(0, whole.length / 2)],
  ['without its first record', (whole) => whole.slice(1)],
  ['without one token', (whole) => leftOut(whole, 'budgetToken')],
  ...KINDS.map((type) => [`with a ${type} twice`, (whole: Records) => doubled(whole, type)] as const),
  ['twice, one after the other', (whole) => [...whole, ...whole]],
  ['twice, with counters at the end only', (whole) => [...whole.slice(0, -1), ...whole]],
  ['resumed a little before where it stopped', (whole) => [...whole.slice(0, 12), ...whole.slice(9)]],
  ['with its counters twice', (whole) => [...whole, ...whole.slice(-1)]],
  ['with its counters at the start', (whole) => [...whole.slice(-1), ...whole.slice(0, -1)]],
  ['with counters that say nothing of the others', (whole) => [...whole.slice(0, -1), counters(whole, {})]],
]

const DISORDERED: typeof DAMAGED = [
  ['of which an event has taken the place of another', (whole) => replaced(whole, (events) => events[0])],
  ['with two events in another order', (whole) => replaced(whole, (events) => events.at(-1), 0)],
]

const leftOut = (whole: Records, type: string): Records => {
  const place = whole.findIndex((record) => record.type === type)
  return whole.filter((_, index) => index !== place)
}

const doubled = (whole: Records, type: string): Records => {
  const place = whole.findIndex((record) => record.type === type)
  return whole.toSpliced(place, 0, ...whole.slice(place, place + 1))
}

/** With another of its events in the place of the one at `index`, so that their number stays. */
const replaced = (whole: Records, choose: (events: Records) => StorageRecord | undefined, index = 1) => {
  const events = whole.filter(({ type }) => type === 'event')
  return whole.map((record) => (record === events[index] ? (choose(events) ?? record) : record))
}

const counters = (whole: Records, changed: object): StorageRecord => {
  const { records: _, ...rest } = whole.at(-1) as StorageRecord & { records: number }
  return { ...rest, ...changed } as StorageRecord
}

/** Imports what is damaged, which must be refused, then the whole. */
async function importDamaged(
  { storage, open, freshNamespace, assert }: ScenarioContext,
  damaged: typeof DAMAGED,
): Promise<void> {
  await fill(storage)
  const whole = await exported(storage)
  const namespace = freshNamespace()
  const copy: StorageHandle = await open({ namespace })
  for (const [what, damage] of damaged) {
    const refusal = await copy.importRecords(damage(whole)).then(
      () => 'it was imported',
      (error: { readonly code?: unknown }) => error.code,
    )
    assert.ok(
      refusal === 'STORAGE_INVALID_ARGUMENT' || refusal === 'STORAGE_STORED_DATA',
      `an export ${what}: ${String(refusal)}`,
    )
    await assert.rejects(() => copy.context.setSession('x', '1'), 'STORAGE_CONFLICT', 'a write after it')
  }
  const other = await open({ namespace })
  await assert.rejects(() => other.init(), 'STORAGE_CONFLICT', 'init of another handle')
  await copy.importRecords(whole)
  assert.equal(await exported(other), whole, 'the copy, once the whole was imported')
}

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/takes-a-whole-export-only',
      title:
        'what was cut off, doubled or put together from two is refused, and no write is taken before a whole export is',
      clause:
        'importRecords: the counters come last and say how many records there are; until a whole one is imported others get ConflictError',
      asserts: 2 * DAMAGED.length + 2,
      run: (context) => importDamaged(context, DAMAGED),
    },
    {
      id: 'transfer/takes-events-whose-numbers-rise',
      title: 'an import whose seq does not rise is refused',
      clause: 'importRecords: seq is unique and rises',
      asserts: 2 * DISORDERED.length + 2,
      run: (context) => importDamaged(context, DISORDERED),
    },
    {
      id: 'transfer/nothing-is-no-export',
      title: 'an import of no records at all is refused, and leaves the store as it was',
      clause: 'importRecords: the counters come last; wrong arguments are refused before any I/O',
      asserts: 2,
      async run({ storage, assert }) {
        await assert.rejects(() => storage.importRecords([]), 'STORAGE_INVALID_ARGUMENT', 'no records', {
          argument: 'records',
        })
        await storage.context.setSession('a', '1')
        assert.equal(await storage.context.getSession('a'), '1', 'a write afterwards')
      },
    },
  ],
)
