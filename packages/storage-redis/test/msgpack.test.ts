import { expect, test } from 'vitest'
import { type Packable, pack } from '../src/msgpack.ts'

const hex = (value: Packable): string => pack(value).toString('hex')

test('lengths and numbers take the forms of MessagePack', () => {
  expect(hex(['a', null, 5, 300])).toBe('94a161c205cb4072c00000000000')
  expect(hex('x'.repeat(31)).slice(0, 2)).toBe('bf')
  expect(hex('x'.repeat(32)).slice(0, 6)).toBe('da0020')
  expect(hex('é'.repeat(16)).slice(0, 6)).toBe('da0020')
  expect(hex('x'.repeat(65_536)).slice(0, 10)).toBe('db00010000')
  expect(hex(Array.from({ length: 16 }, () => '')).slice(0, 6)).toBe('dc0010')
  expect(hex(-1)).toBe('cbbff0000000000000')
  expect(hex(Number.MAX_SAFE_INTEGER)).toBe('cb433fffffffffffff')
})

test('a large value does not disturb the next', () => {
  const large = pack(['y'.repeat(3_000_000), 1])
  expect(large.subarray(-1).toString('hex')).toBe('01')
  expect(large.length).toBe(1 + 5 + 3_000_000 + 1)
  expect(hex('a')).toBe('a161')
})
