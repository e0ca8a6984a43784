import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runExample } from '../../../test/readme-example.ts'

const home = new URL('../', import.meta.url)

test('the README shows the agent as it works', async () => {
  const cwd = await mkdtemp(path.join(tmpdir(), 'refund-agent-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  const said = await runExample({ readme: new URL('README.md', home), has: 'agent.register', home, cwd })
  const [first, second, third, ...trail] = said.trim().split('\n')
  expect([first, second, third]).toEqual(['PAID', 'ESCALATED', 'PAID'])
  expect(trail.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    '5 PROPOSED',
    '6 ESCALATED',
    '7 DECIDED',
    '8 APPROVED',
    '9 RESERVED',
    '10 PAID',
  ])
})
