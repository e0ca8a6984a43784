import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { nodeOrSkip } from './consuming.ts'
import { type Consumer, run, Workshop } from './workshop.ts'

// The command as a user has it: in a project of their own, on plain Node.

const MAIN = 'node_modules/@dir/storage-cli/dist/main.js'

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
    const others = ['@types/trusted-types', 'commander', 'lit-html']
    expect(installed.sort()).toEqual(['@dir/storage-cli', '@dir/storage-core', ...others])
    const help = await dirStorage('--help')
    expect([help.code, help.stderr]).toEqual([0, ''])
    expect(help.stdout).toContain('Exit codes:')
    const missing = await dirStorage('doctor', '--store', 'sqlite:decisions.sqlite')
    expect([missing.code, missing.stdout]).toEqual([3, ''])
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
    const filled = await consumer.run([process.execPath], 'fill.mjs', source)
    expect(filled).toEqual({ code: 0, stdout: '', stderr: '' })
    const store = ['--store', 'sqlite:decisions.sqlite']
    const [doctor, flows, flow] = [
      await dirStorage('doctor', ...store),
      await dirStorage('flows', ...store),
      await dirStorage('flow', 'trade-4711', ...store),
    ]
    const old = nodeOrSkip(context, '22.14')
    expect(await run(old, [MAIN, 'flows', ...store], consumer.folder)).toEqual(flows)
    for (const { code, stderr } of [doctor, flows, flow]) expect([code, stderr]).toEqual([0, ''])
    expect(doctor.stdout).toMatch(/^ok +server +SQLite /)
    expect(flows.stdout).toMatch(/^FLOW .*\ntrade-4711  NEW /)
    expect(flow.stdout).toContain('(new) → NEW')
    expect(flow.stdout).toContain('#1 ASKED, by trader')
  })

  it('serves the page of inspect', async () => {
    const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' }
    const args = [MAIN, 'inspect', 'sqlite:decisions.sqlite', '--json']
    const inspect = spawn(process.execPath, args, { cwd: consumer.folder, env })
    onTestFinished(() => void inspect.kill())
    const [printed] = (await once(inspect.stdout, 'data')) as [Buffer]
    const { url } = JSON.parse(String(printed)) as { readonly url: string }
    for (const name of ['', 'main.js', 'style.css', 'lit-html/lit-html.js', 'lit-html/directives/repeat.js'])
      expect([name, (await fetch(url + name)).status]).toEqual([name, 200])
    expect(await (await fetch(`${url}flows`)).json()).toEqual({
      items: [{ dfid: 'trade-4711', status: 'NEW', since: expect.any(String) }],
      isCut: false,
    })
  })

  it('refuses Node 20 in one line', async (context) => {
    const node = nodeOrSkip(context, '20')
    const { code, stderr } = await run(node, [MAIN], consumer.folder)
    expect(code).toBe(1)
    expect(stderr).toContain('Error: @dir/storage-cli needs Node 22.12 or newer')
  })
})
