import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { Sorter } from '../src/sorter.ts'

const lines = Array.from({ length: 2_000 }, (_, n) => `${(n * 7_919) % 1_000} \u2028 line`)
const keyOf = (line: string): Buffer => Buffer.from(line)
const folders = (): number =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('dir-storage-sort-')).length

test.each([
  ['in memory', Infinity],
  ['in parts on the disk', 1_000],
  ['one by one', 1],
])('sorts by keys %s, and leaves nothing behind', async (_, runLength) => {
  const before = folders()
  const sorter = new Sorter(keyOf, runLength)
  const some = runLength === 1 ? lines.slice(0, 100) : lines
  for (const line of some) await sorter.add(keyOf(line), line)
  expect(await Array.fromAsync(sorter.sorted())).toEqual(some.toSorted())
  expect(folders() > before).toBe(runLength < Infinity)
  await sorter.end()
  expect(folders()).toBe(before)
})
