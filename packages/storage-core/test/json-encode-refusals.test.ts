import { expect, test } from 'vitest'
import { dumpsJsonDict } from '../src/json/encode.ts'
import { refusalOf } from './json-refusal.ts'

function nested(levels: number): unknown {
  let value: unknown = []
  for (let level = 1; level < levels; level++) value = level % 2 === 0 ? [value] : { k: value }
  return value
}

function refusal(value: unknown): string {
  const [argument, reason] = refusalOf(() => dumpsJsonDict(value))
  return `${argument} ${reason}`
}

test('a cycle is named by positions in written order, never by key', () => {
  const inner: unknown[] = [1]
  inner.push(inner)
  expect(refusal([{ secretB: [0, 1, 2, inner], secretA: 0 }])).toBe('value at [0][1][3][1]: a cycle')
  const map = new Map<string, unknown>()
  map.set('secret', new Set([map]))
  expect(refusal(map)).toBe('value at [0][0]: a cycle')
  const holder = { toJSON: () => ({ holder }) }
  expect(refusal(holder)).toBe('value at [0]: a cycle')
})

test('a value met twice that is not a cycle is written twice', () => {
  const shared = { a: [1] }
  expect(dumpsJsonDict([shared, { shared }, shared])).toBe('[{"a": [1]}, {"shared": {"a": [1]}}, {"a": [1]}]')
})

test('500 levels are written and 501 refused', () => {
  expect(dumpsJsonDict(nested(500))).toContain('[]')
  expect(refusal(nested(501))).toBe(`value at ${'[0]'.repeat(500)}: nests deeper than 500 levels`)
  expect(refusal(nested(100_000))).toMatch(/: nests deeper than 500 levels$/)
})

test('a toJSON without end is refused', () => {
  class Endless {
    toJSON(): unknown {
      return { again: new Endless() }
    }
  }
  expect(refusal(new Endless())).toMatch(/: nests deeper than 500 levels$/)
  const chain = (): unknown => ({ toJSON: () => chain() })
  expect(refusal(chain())).toBe('value at the top: nests deeper than 500 levels')
})

test('undefined at the top', () => {
  expect(refusal(undefined)).toBe('value at the top: undefined')
})

test('a Map with other keys than strings', () => {
  expect(refusal({ a: new Map<unknown, unknown>([[1, 'x']]) })).toBe(
    'value at [0]: a Map with a key that is not a string',
  )
})

test('what throws when it is read, whatever it throws', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const thrower = (): never => {
    throw new Error('the secret')
  }
  class Bare {
    [Symbol.toPrimitive](): never {
      return thrower()
    }
  }
  const hostile: unknown[] = [
    proxy,
    {
      get a() {
        return thrower()
      },
    },
    { toJSON: thrower },
    { toJSON: () => dumpsJsonDict(undefined) },
    new Bare(),
    Object.create(Object.create(Object.create(null) as object) as object),
    new Proxy({ a: 1 }, { ownKeys: thrower }),
    {
      toJSON() {
        throw undefined
      },
    },
  ]
  for (const value of hostile) {
    expect(refusal([0, value])).toMatch(
      /^value at \[1\](\[0\])?: a value that cannot be encoded, because reading it throws$/,
    )
  }
})

test('a text over 64 KiB comes out whole', () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => ({ row, text: 'żółw'.repeat(row % 7) }))
  expect(JSON.parse(dumpsJsonDict(rows))).toEqual(rows)
  expect(dumpsJsonDict(rows)).toBe(
    rows
      .map((row) => dumpsJsonDict(row))
      .join(', ')
      .replace(/^.*$/, '[$&]'),
  )
})
