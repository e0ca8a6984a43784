import { expect, test } from 'vitest'
import { requireNode } from '../src/node-version.ts'

const refused = (least: readonly [string, ...string[]], found: string): string | undefined => {
  try {
    requireNode('a package', least, found)
  } catch (error) {
    return (error as Error).message
  }
}

test.each(['22.12.0', '22.13.1', '23.0.0', '24.0.0', '30.1.0'])('22.12 or newer: %s will do', (found) => {
  expect(refused(['22.12'], found)).toBe(undefined)
})

test.each(['18.20.0', '20.19.5', '21.7.0', '22.11.0', '22.2.0'])('22.12 or newer: %s will not', (found) => {
  expect(refused(['22.12'], found)).toBe(
    `a package needs Node 22.12 or newer; this is ${found}. Install a newer Node.`,
  )
})

test('of several majors each has a bound of its own', () => {
  const least = ['22.14', '23.6'] as const
  for (const found of ['22.14.0', '22.20.0', '23.6.0', '24.0.0', '25.0.0'])
    expect(refused(least, found)).toBe(undefined)
  for (const found of ['20.19.0', '22.13.1', '23.5.0'])
    expect(refused(least, found)).toContain('needs Node 22.14 or newer, of Node 23 at least 23.6;')
})
