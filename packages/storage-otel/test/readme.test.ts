import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { runExample } from '../../../test/readme-example.ts'

const home = new URL('../', import.meta.url)

test('README.md: a call and its commit are linked to each other', async () => {
  const readme = new URL('README.md', home)
  const printed = await runExample({ readme, has: 'instrumentStorage(', home, cwd: tmpdir() })
  expect(printed).toBe('init 0\ncommit 1\nrecord decisionAudit 1\nclose 0\n')
})
