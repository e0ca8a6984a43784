import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStorage } from '@dir/storage-sqlite'
import { describe, expect, it } from 'vitest'
import { ALL_HOLD, PROOFS, digestIn, proofLines, run, runIn } from './run.ts'

describe.concurrent('a run', { timeout: 60_000 }, () => {
  it('ends with every proof holding and one digest on every backend, in every run', async () => {
    const runs = [
      await run('--backend', 'memory', '--days', '60'),
      await run('--backend', 'memory', '--days', '60'),
      await run('--backend', 'sqlite', '--days', '60'),
    ]
    for (const one of runs) {
      expect({ code: one.code, stderr: one.stderr }).toEqual({ code: 0, stderr: '' })
      expect(proofLines(one)).toEqual(ALL_HOLD)
    }
    expect(runs.map(digestIn)).toEqual(
      Array(3).fill(digestIn(await run('--backend', 'memory', '--days', '60'))),
    )
    expect(digestIn(await run('--backend', 'memory', '--days', '61'))).not.toBe(digestIn(runs[0] ?? never()))
  })

  it('has the same digest as ever, for the days that it takes by default', async () => {
    const digest = '87ab5c5f9046aad4a5cbde9531cd467ca5e7879b2804f2308e413f62eaf3581e'
    expect(digestIn(await run('--backend', 'memory'))).toBe(digest)
  })

  it('survives the death of a worker in the middle of an order', async () => {
    const crashed = await run('--days', '80', '--workers', '3', '--crash')
    expect({ code: crashed.code, stderr: crashed.stderr }).toEqual({ code: 0, stderr: '' })
    expect(proofLines(crashed)).toEqual(ALL_HOLD)
    expect(crashed.stdout).toMatch(/claims settled +1\b/)
    expect(digestIn(crashed)).toBe('')
  })

  it('survives the death of a worker before some write of its own', async () => {
    const write = String(1 + Math.floor(Math.random() * 40))
    const crashed = await run('--days', '60', '--workers', '3', '--crash-at', write)
    expect({ write, code: crashed.code, stderr: crashed.stderr }).toEqual({ write, code: 0, stderr: '' })
    expect(proofLines(crashed)).toEqual(ALL_HOLD)
  })

  it('fails with the lost race named when its steps are separate', async () => {
    const unsafe = await run('--backend', 'memory', '--days', '60', '--unsafe')
    expect({ code: unsafe.code, stderr: unsafe.stderr }).toEqual({
      code: 1,
      stderr: '\n2 of 6 proofs do not hold.\n',
    })
    const lost: readonly string[] = [PROOFS[1], PROOFS[4]]
    expect(proofLines(unsafe)).toEqual(
      PROOFS.map((title) => `  ${lost.includes(title) ? '✗ FAILED' : '✓ holds '}  ${title}`),
    )
    expect(unsafe.stdout).toContain(
      'race lost: two offers of one order both read "no result yet" and both executed it (get, execute, set)',
    )
  })

  it('keeps its store to be looked at, in the place of the last one', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-test-'))
    try {
      for (const days of ['30', '20']) {
        const kept = await runIn(folder, '--days', days, '--keep')
        expect([kept.code, kept.stdout]).toEqual([
          0,
          expect.stringContaining('inspect --store sqlite:decision-day.sqlite\n'),
        ])
        expect(await readdir(folder)).toEqual(['decision-day.sqlite'])
        await using storage = sqliteStorage({ path: path.join(folder, 'decision-day.sqlite'), init: false })
        const events = await storage.decisionAudit.allEventsChronological()
        expect(events.length).toBe(Number(/^events: (\d+)$/m.exec(kept.stdout)?.[1]))
        await storage.close()
        for (const beside of ['-lock', '-shm', '-wal'])
          await rm(path.join(folder, `decision-day.sqlite${beside}`), { force: true })
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('goes on with the store of an earlier run, and does nothing twice', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-test-'))
    try {
      const store = ['--store', path.join(folder, 'store')]
      const first = await run('--days', '40', ...store)
      const again = await run('--days', '40', ...store)
      expect([first.code, again.code, digestIn(again)]).toEqual([0, 0, digestIn(first)])
      const longer = await run('--days', '50', ...store)
      expect([longer.code, proofLines(longer)]).toEqual([0, ALL_HOLD])
      const shorter = await run('--days', '40', ...store)
      expect([shorter.code, shorter.stderr.split('\n')[0]]).toEqual([
        2,
        'The store holds 50 days already: use --days 50 or more.',
      ])
      const files = await readdir(folder)
      // beside a store SQLite keeps files of its own
      expect(files.filter((file) => !/^store-(lock|shm|wal)$/.test(file))).toEqual([
        'store',
        'store.trace.jsonl',
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

function never(): never {
  throw new Error('There is no such run.')
}
