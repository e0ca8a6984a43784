import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dropNamespace } from '@dir/storage-postgres'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { ALL_HOLD, type Ended, digestIn, interrupt, proofLines, run, runIn } from './run.ts'

vi.setConfig({ testTimeout: 60_000 })

const inMemory = run('--backend', 'memory', '--days', '40')

function expectAllHold(one: Ended): void {
  expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: '' })
  expect(proofLines(one)).toEqual(ALL_HOLD)
}

function runsOn(backend: string): void {
  describe.concurrent(`a run on ${backend}`, () => {
    it('has the digest that it has in memory', async () => {
      const one = await run('--backend', backend, '--days', '40')
      expectAllHold(one)
      expect(digestIn(one)).toBe(digestIn(await inMemory))
    })

    it('survives the death of a worker in the middle of an order', async () => {
      const crashed = await run('--backend', backend, '--days', '60', '--workers', '4', '--crash')
      expectAllHold(crashed)
      expect(crashed.stdout).toMatch(/claims settled +1\b/)
    })
  })
}

withServer('postgres', (url) => {
  runsOn('postgres')

  it('keeps a store by its name, and goes on with it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-test-'))
    const store = ['--backend', 'postgres', '--store', 'decision_day_kept']
    onTestFinished(async () => {
      await dropNamespace({ url, namespace: 'decision_day_kept' })
      await rm(folder, { recursive: true })
    })
    expectAllHold(await runIn(folder, '--days', '20', ...store))
    expectAllHold(await runIn(folder, '--days', '30', ...store))
    const again = await runIn(folder, '--days', '30', ...store)
    expectAllHold(again)
    expect(again.stdout).not.toMatch(/^days /m)
    expect(await readdir(folder)).toEqual(['decision_day_kept.trace.jsonl'])
  })

  it('leaves nothing on a server that was there before, interrupted or not', async () => {
    const interrupted = await interrupt('SIGINT', '--backend', 'postgres', '--days', '200', '--workers', '2')
    expect({ code: interrupted.code, stderr: interrupted.stderr }).toEqual({
      code: 130,
      stderr: 'Interrupted.\n',
    })
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'decision_day%'")
    await client.end()
    expect(rows).toEqual([])
  })
})

withServer('redis', () => runsOn('redis'))

withServer('mongo', () => runsOn('mongo'))

withServer('postgres', () =>
  withServer('redis', () =>
    withServer('mongo', () => {
      runsOn('mix')

      it('survives the death of a worker before some write of its own', async () => {
        const write = String(1 + Math.floor(Math.random() * 40))
        const crashed = await run('--backend', 'mix', '--days', '60', '--workers', '3', '--crash-at', write)
        expect({ write, stderr: crashed.stderr }).toEqual({ write, stderr: '' })
        expectAllHold(crashed)
      })
    }),
  ),
)
