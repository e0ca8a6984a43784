import { memoryStorage } from '@dir/storage-memory'
import { expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { CANONICAL_ORDER, mixStorage } from '../src/index.ts'

const types = Object.keys(CANONICAL_ORDER)

test('names every type of record in the order in which an export has them, and fields that they have', async () => {
  const storage = memoryStorage()
  await fill(storage)
  const records = await Array.fromAsync(storage.exportRecords())
  expect([...new Set(records.map(({ type }) => type))]).toEqual(types)
  const missing = records.flatMap((record) =>
    CANONICAL_ORDER[record.type]
      .filter((field) => typeof Reflect.get(record, field) !== 'string')
      .map((field) => `${record.type}: ${field}`),
  )
  expect(missing).toEqual([])
})

test('a mix has the types in that order too, whichever backends they come from', async () => {
  const [one, other] = [memoryStorage(), memoryStorage()]
  const mix = mixStorage({ default: one, context: other, resourceLock: other, escalation: other })
  await fill(mix)
  const records = await Array.fromAsync(mix.exportRecords())
  expect([...new Set(records.map(({ type }) => type))]).toEqual(types)
})
