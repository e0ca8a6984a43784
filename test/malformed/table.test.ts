import { PROTOCOLS } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { describe, expect, test } from 'vitest'
import { waysOf } from './table.ts'
import { CONDITIONS, WRITES } from './table/batch.ts'
import { CLOSE, HANDLE } from './table/handle.ts'
import { HELPERS } from './table/helpers.ts'
import { TABLE, WITHOUT_ARGUMENTS } from './table/index.ts'
import { optionsOf } from './table/options.ts'

const all = [
  ...PROTOCOLS.flatMap((protocol) =>
    Object.entries(TABLE[protocol]).map(([name, method]) => [`${protocol}.${name}`, method] as const),
  ),
  ...Object.entries(CONDITIONS),
  ...Object.entries(HANDLE),
  ['close', CLOSE] as const,
  ...HELPERS.map(({ name, method }) => [name, method] as const),
  ...Object.entries(optionsOf('namespace', { namespace: 'a' }, {})),
  ...Object.entries(optionsOf('path', { path: 'a' }, {})),
]

describe('the table of malformed input', () => {
  test.each(all)('breaks each argument of %s, and each member, in ten ways at least', (_, method) => {
    const [good] = method
    const ways = waysOf(method)
    const few = [...ways].filter(([, count]) => count < 10)
    expect(few).toEqual([])
    expect(good.flatMap(placesOf).filter((place) => !ways.has(place))).toEqual([])
  })

  test('holds every method of every protocol that takes an argument', () => {
    const storage = memoryStorage()
    const methods = PROTOCOLS.flatMap((protocol) =>
      Object.keys(storage[protocol]).map((name) => `${protocol}.${name}`),
    )
    const named = PROTOCOLS.flatMap((protocol) =>
      Object.keys(TABLE[protocol]).map((name) => `${protocol}.${name}`),
    )
    expect([...named, ...WITHOUT_ARGUMENTS].toSorted()).toEqual(methods.toSorted())
  })

  test('holds everything that a batch takes', async () => {
    let offered: string[] = []
    await memoryStorage().atomically((batch) => {
      offered = Object.entries(batch).flatMap(([name, member]) =>
        typeof member === 'function' ? [name] : Object.keys(member).map((method) => `${name}.${method}`),
      )
    })
    const named = WRITES.flatMap(([protocol, names]) => names.map((name) => `${protocol}.${name}`))
    expect([...named, ...Object.keys(CONDITIONS)].toSorted()).toEqual(offered.toSorted())
  })
})

/** Members of the table's objects that callers name as they like: results, resources, parameters. */
const FREE = new Set(['done', 'cash', 'bonds', 'amount'])

/** The place of an argument, and of each member that the contract names. */
function placesOf(value: unknown, position: number): string[] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const members = isObject ? Object.keys(value).filter((name) => !FREE.has(name)) : []
  return [`${position}`, ...members.map((member) => `${position}.${member}`)]
}
