import { describe, expect, test } from 'vitest'
import { type Observed, type Sequential, linearizable, shortestFailure } from '../src/linear/checker.ts'

/** A number that can be set and read. */
const register: Sequential<number, { readonly set?: number }> = {
  initial: 0,
  step: (value, { input, output }) =>
    input.set ?? (output === undefined || output === value ? value : undefined),
  key: String,
}

const set = (value: number, start: number, end: number): Observed<{ set?: number }> => {
  const call = { input: { set: value }, start, end }
  return end === Infinity ? call : { ...call, output: null }
}
const get = (output: number, start: number, end: number): Observed<{ set?: number }> => ({
  input: {},
  output,
  start,
  end,
})

describe('linearizable', () => {
  test.each([
    ['calls in turn', [set(1, 0, 1), get(1, 2, 3), set(2, 4, 5), get(2, 6, 7)]],
    ['a read during a write, before it', [set(1, 0, 5), get(0, 1, 2)]],
    ['a read during a write, after it', [set(1, 0, 5), get(1, 1, 2)]],
    ['two writes at once, in either order', [set(1, 0, 5), set(2, 1, 4), get(1, 6, 7)]],
    ['a write of unknown outcome that took effect later', [set(1, 0, Infinity), get(0, 1, 2), get(1, 3, 4)]],
    ['a write of unknown outcome that never took effect', [set(1, 0, Infinity), get(0, 1, 2), get(0, 3, 4)]],
    ['nothing', []],
  ])('yes: %s', (_, history) => {
    expect(linearizable(register, history)).toBe('yes')
  })

  test.each([
    ['a read that misses a write that had ended', [set(1, 0, 1), get(0, 2, 3)]],
    ['a value nobody wrote', [set(1, 0, 5), get(2, 1, 2)]],
    ['a value that goes back', [set(1, 0, 9), get(1, 1, 2), get(0, 3, 4)]],
    ['a write of unknown outcome before it began', [get(1, 0, 1), set(1, 2, Infinity)]],
    ['a write of unknown outcome that comes and goes', [set(1, 0, Infinity), get(1, 1, 2), get(0, 3, 4)]],
  ])('no: %s', (_, history) => {
    expect(linearizable(register, history)).toBe('no')
  })

  test('gives up when its effort is used up, and never says yes then', () => {
    const writes = Array.from({ length: 12 }, (_, n) => set(n, 0, 100))
    expect(linearizable(register, [...writes, get(99, 101, 102)], 50)).toBe('gave-up')
  })
})

test('the shortest failure ends with the answer that nothing explains', () => {
  const history = [set(1, 0, 1), get(1, 2, 3), get(0, 4, 5), set(2, 4, 9), get(2, 10, 11), set(3, 12, 13)]
  expect(shortestFailure(register, history)).toEqual([
    set(1, 0, 1),
    get(1, 2, 3),
    get(0, 4, 5),
    { input: { set: 2 }, start: 4, end: Infinity },
  ])
})
