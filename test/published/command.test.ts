import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeOrSkip } from './consuming.ts'
import { type Consumer, run, Workshop } from './workshop.ts'

// The command as a user has it: in a project of their own, on plain Node.

let workshop: Workshop

beforeAll(async () => {
  workshop = await Workshop.open()
})

afterAll(() => workshop?.close())

describe('@dir/storage-cli', () => {
  let consumer: Consumer
  const dirStorage = (...args: readonly string[]) =>
    run(path.join('node_modules', '.bin', 'dir-storage'), args, consumer.folder)

  beforeAll(async () => {
    consumer = await workshop.install('@dir/storage-cli')
  })

  it('brings the contract and no backend, and says what to install', async () => {
    const installed = [...(await consumer.packages()).keys()]
    expect(installed.sort()).toEqual(['@dir/storage-cli', '@dir/storage-core', 'commander'])
    const help = await dirStorage('--help')
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('Exit codes:')
    const missing = await dirStorage('doctor', '--store', 'sqlite:decisions.sqlite')
    expect(missing).toMatchObject({ code: 3, stdout: '' })
    expect(missing.stderr).toContain('npm install @dir/storage-sqlite')
  })

  it('looks into a store by the adapter that the project has', async (context) => {
    await workshop.add(consumer, '@dir/storage-sqlite')
    const source = `import { sqliteStorage } from '@dir/storage-sqlite'
const storage = sqliteStorage('decisions.sqlite')
await storage.lifecycle.transition('trade-4711', null, 'NEW')
await storage.decisionAudit.record('trade-4711', 'ASKED', { agentId: 'trader' })
await storage.close()
`
    expect(await consumer.run([process.execPath], 'fill.mjs', source)).toMatchObject({ code: 0, stderr: '' })
    const store = ['--store', 'sqlite:decisions.sqlite']
    const [doctor, flows, flow] = [
      await dirStorage('doctor', ...store),
      await dirStorage('flows', ...store),
      await dirStorage('flow', 'trade-4711', ...store),
    ]
    const main = ['node_modules/@dir/storage-cli/dist/main.js', 'flows', ...store]
    expect(await run(nodeOrSkip(context, '22.14'), main, consumer.folder)).toEqual(flows)
    for (const ended of [doctor, flows, flow]) expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(doctor.stdout).toMatch(/^ok +server +SQLite /)
    expect(flows.stdout).toMatch(/^FLOW .*\ntrade-4711  NEW /)
    expect(flow.stdout).toContain('(new) → NEW')
    expect(flow.stdout).toContain('#1 ASKED, by trader')
  })

  it('refuses Node 20 in one line', async (context) => {
    const node = nodeOrSkip(context, '20')
    const { code, stderr } = await run(node, ['node_modules/@dir/storage-cli/dist/main.js'], consumer.folder)
    expect(code).toBe(1)
    expect(stderr).toContain('Error: @dir/storage-cli needs Node 22.12 or newer')
  })
})
