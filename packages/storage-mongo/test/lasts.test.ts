import { afterEach, expect, test, vi } from 'vitest'
import { Lasts } from '../src/lasts.ts'

afterEach(() => vi.useRealTimers())

const MINUTE = 60_000

test('a highest number is forgotten after some minutes, also where that of another log is newer, or the clock goes back', () => {
  vi.useFakeTimers()
  const lasts = new Lasts()
  lasts.remember(new Map([['decision_audit_events', 7]]))
  vi.advanceTimersByTime(8 * MINUTE)
  lasts.remember(new Map([...lasts.copyFresh(), ['lifecycle_transitions', 3]]))
  expect([...lasts.copyFresh().values()]).toEqual([7, 3])
  vi.advanceTimersByTime(8 * MINUTE)
  expect([...lasts.copyFresh()]).toEqual([['lifecycle_transitions', 3]])
  vi.setSystemTime(0)
  expect(lasts.copyFresh().size).toBe(0)
})

test('that a log is empty is not remembered', () => {
  const lasts = new Lasts()
  lasts.remember(new Map([['decision_audit_events', 0]]))
  expect(lasts.copyFresh().size).toBe(0)
})

test('who has asked for the numbers keeps them where they are forgotten', () => {
  const lasts = new Lasts()
  lasts.remember(new Map([['decision_audit_events', 7]]))
  const known = lasts.copyFresh()
  lasts.clear()
  expect([...known.values(), lasts.copyFresh().size]).toEqual([7, 0])
})
