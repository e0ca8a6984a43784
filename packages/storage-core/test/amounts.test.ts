import { describe, expect, test } from 'vitest'
import { MAX_MICROS, exportAmount, fromMicros, importAmount, toMicros } from '../src/adapter.ts'

describe('amounts in micro-units', () => {
  // up to 2 ** 33 every micro-unit has a number of its own, which leads back to it
  test.each([0, 1, 100_000, 4_294_967_296_000_001, 5_000_000_000_123_457, 8_589_934_591_999_999])(
    '%i survive being read',
    (micros) => {
      expect(toMicros(fromMicros(micros))).toBe(micros)
      expect(exportAmount(micros)).toEqual({ amount: micros / 1e6 })
    },
  )

  test('each of a long row does', () => {
    for (let micros = 4_294_967_296_000_000; micros < 4_294_967_296_020_000; micros++)
      expect(toMicros(fromMicros(micros))).toBe(micros)
  })

  test.each([8_589_934_592_000_001, 9_007_199_253_999_999, MAX_MICROS])('%i survive an export', (micros) => {
    const { amount, micros: exact } = exportAmount(micros)
    expect(importAmount(amount, exact)).toBe(micros)
  })

  test('the nearest is taken, and none is negative zero', () => {
    expect([0.1, 0.000_000_4, 0.000_000_6, 1e-9].map(toMicros)).toEqual([100_000, 0, 1, 0])
    expect(Object.is(toMicros(-0), 0)).toBe(true)
  })
})
