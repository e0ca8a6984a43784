import { expect, test } from 'vitest'
import { conditionFailed } from '../src/adapter/refusals.ts'

test('a false condition shows the beginning of a long status, and has all of it', () => {
  const found = 'x'.repeat(65_536)
  const error = conditionFailed([{ protocol: 'lifecycle', method: 'transition' }], 0, found)
  expect(error.found).toBe(found)
  expect(error.message).toContain(`the flow is "${'x'.repeat(80)}…"`)
  expect(error.message.length).toBeLessThan(300)
})

test.each([
  [null, 'there is none'],
  ['OPEN', 'the flow is "OPEN"'],
])('a false condition of a status says what stood there: %s', (found, words) => {
  const calls = [{ protocol: 'lifecycle', method: 'transition' }] as const
  expect(conditionFailed(calls, 0, found).message).toContain(words)
})
