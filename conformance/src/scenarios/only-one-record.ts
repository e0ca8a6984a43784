import { setTimeout as sleep } from 'node:timers/promises'
import { PROTOCOLS, type StorageHandle, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { ACTS, type Act } from './only-one-record-acts.ts'
import { ALL, group } from './kit.ts'

type Fields = Readonly<Record<string, unknown>>

/** By which fields a record is known again; those that have none are known by their place in their list. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  agent: ['agentId'],
  session: ['id'],
  state: ['id'],
  idempotency: ['key'],
  event: ['seq'],
  dirtyFlow: ['dfid'],
  hold: ['dfid', 'resourceId'],
  retryCount: ['dfid'],
  request: ['dfid'],
}

/** The records by a name of their own, in their order; the counters, which may move on at any time, are left out. */
function named(records: readonly StorageRecord[]): Map<string, Fields> {
  const places = new Map<string, number>()
  return new Map(
    records.slice(0, -1).map((record) => {
      const fields = record as unknown as Fields
      const list = [record.type, fields['agentId'] ?? fields['dfid']].join(' ')
      const place = (places.get(list) ?? 0) + 1
      places.set(list, place)
      const ids = IDS[record.type]?.map((id) => String(fields[id]))
      return [ids === undefined ? `${list} ${place}` : [record.type, ...ids].join(' '), fields]
    }),
  )
}

/** What differs: names of records that came or went, and of those that changed, with the fields that did. */
function difference(before: ReadonlyMap<string, Fields>, after: ReadonlyMap<string, Fields>) {
  const changed: Record<string, string> = {}
  for (const [name, record] of before) {
    const now = after.get(name)
    if (now === undefined) changed[name] = 'gone'
    else {
      const fields = Object.keys({ ...record, ...now }).filter((field) => record[field] !== now[field])
      if (fields.length > 0) changed[name] = fields.toSorted().join(' ')
    }
  }
  for (const name of after.keys()) if (!before.has(name)) changed[name] = 'new'
  return changed
}

async function prepare(storage: StorageHandle): Promise<string> {
  await fill(storage)
  const claim = await storage.idempotency.claim('mine', { leaseSec: 600, requestHash: 'H' })
  return claim.state === 'started' ? claim.token : ''
}

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: { code?: string }) => {
    if (error.code === undefined) throw error
    return error.code
  })

const scenarioOf = (protocol: string, acts: readonly Act[]) => ({
  id: `only-one-record/${protocol}`,
  title: `each call of ${protocol} changes just the fields that it names, of just the records that it names`,
  clause: 'a write touches no other record, no other field, and nothing where it is refused',
  asserts: 2 * acts.length,
  async run({ storage, assert }: Parameters<Scenario['run']>[0]) {
    const token = await prepare(storage)
    let before = named(await exported(storage))
    for (const { words, act, changes } of acts) {
      await sleep(4) // so that a time that is set anew is another
      await outcome(act(storage, token))
      const after = named(await exported(storage))
      assert.equal(difference(before, after), changes, words)
      const untouched = (names: Iterable<string>): string[] =>
        [...names].filter((name) => !Object.hasOwn(changes, name))
      assert.equal(
        untouched(after.keys()),
        untouched(before.keys()),
        `the order of the others after ${words}`,
      )
      before = after
    }
  },
})

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: [...ALL, 'leases'], needs: 'empty' },
  Object.entries(ACTS).map(([protocol, acts]) => scenarioOf(protocol, acts)),
)
