import { expect, test } from 'vitest'
import { expectGoodDay, run } from './run.ts'

test('a day on SQLite ends as it should', () => expectGoodDay('sqlite'))

test('another backend is refused, and told which there are', async () => {
  const { code, stdout, stderr } = await run('--backend', 'paper')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('[--backend sqlite|postgres]')
})
