import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ALL_HOLD, PROOFS, digestIn, proofLines, run } from './run.ts'

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
      PROOFS.map((title) => `  ${lost.includes(title) ? 'FAILED' : 'holds '}  ${title}`),
    )
    expect(unsafe.stdout).toContain(
      'race lost: two offers of one order both read "no result yet" and both executed it (get, execute, set)',
    )
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
