import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace } from '../src/index.ts'
import { newName } from './databases.ts'

const SCRIPT = new URL('locking-process.ts', import.meta.url).pathname

interface Ran {
  readonly rate: number
  readonly longest: number
}

/** So many processes with so many callers each, who all begin at once. */
async function run(url: string, processes: number, callers: number): Promise<Ran> {
  const namespace = newName()
  const children = Array.from({ length: processes }, (_, index) => {
    const options = ['--conditions=@dir/source', '--disable-warning=ExperimentalWarning']
    const args = [...options, SCRIPT, url, namespace, `p${index}`, String(callers), '3000']
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const closed = once(child, 'close')
    return { child, closed, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
  })
  for (const { lines } of children) expect((await lines.next()).value).toBe('ready')
  for (const { child } of children) child.stdin.write('go\n')
  const results = await Promise.all(
    children.map(async ({ lines }) => JSON.parse((await lines.next()).value as string) as Ran),
  )
  await Promise.all(children.map(({ closed }) => closed))
  await dropNamespace({ url, namespace })
  return {
    rate: results.reduce((sum, one) => sum + one.rate, 0),
    longest: Math.max(...results.map(({ longest }) => longest)),
  }
}

withServer('postgres', (server) => {
  test('four processes that lock the same resources get on with each other, and nobody waits for long', async () => {
    const alone = await run(server, 1, 64)
    const together = await run(server, 4, 16)
    expect(together.longest).toBeLessThan(1_000)
    // 0.6 on a machine that has nothing else to do
    expect(together.rate).toBeGreaterThan(0.3 * alone.rate)
  }, 60_000)
})
