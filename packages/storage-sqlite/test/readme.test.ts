import { expect, test } from 'vitest'
import { runExample } from '../../../test/readme-example.ts'
import { testFolder } from './folder.ts'

const home = new URL('../', import.meta.url)

test.each(['README.md', '../../README.md'])('%s: an order and its event in one transaction', async (name) => {
  const readme = new URL(name, home)
  expect(await runExample({ readme, has: 'within(', home, cwd: testFolder() })).toBe('1 ORDERED order-1\n')
})
