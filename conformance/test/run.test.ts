import { CAPABILITIES, ClosedError, type StorageHandle, UnsupportedError } from '@dir/storage-core'
import { describe, expect, test, vi } from 'vitest'
import type { Backend } from '../src/backend.ts'
import { exitCode } from '../src/exit-code.ts'
import type { Report } from '../src/report.ts'
import { type RunOptions, createRun, runConformance } from '../src/run.ts'
import type { Scenario } from '../src/scenario.ts'
import { Inconclusive } from '../src/verdict.ts'
import { complete as memory } from './memory.ts'
import { failing, passing, scenario } from './scenarios.ts'

const run = (scenarios: readonly Scenario[], backend: Backend = memory, options: RunOptions = {}) =>
  runConformance(backend, { seed: 1, scenarios, ...options })

const verdicts = ({ results }: Report) => results.map(({ id, verdict }) => [id.split('/')[1], verdict])

describe('verdicts', () => {
  test('each way of ending has its own, and its side of the closing line', async () => {
    const report = await run([
      passing,
      failing,
      scenario('throwing', () => Promise.reject(new TypeError('no'))),
      scenario('undecided', () => Promise.reject(new Inconclusive('too little happened'))),
      scenario('silent', () => {}),
      scenario('refused', () => Promise.reject(new UnsupportedError('claim', ''))),
      scenario('stray', ({ assert }) => {
        void Promise.reject(new Error('nobody waits for this'))
        assert.ok(true, 'it holds')
      }),
      scenario('thrown', async ({ assert }) => {
        assert.ok(true, 'it holds')
        const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
        setImmediate(() => {
          throw new Error('nobody can catch this')
        })
        await thrown
      }),
      scenario('processes', () => {}, { level: 'shared' }),
    ])
    expect(verdicts(report)).toEqual([
      ['passing', 'pass'],
      ['failing', 'fail'],
      ['throwing', 'error'],
      ['undecided', 'inconclusive'],
      ['silent', 'error'],
      ['refused', 'fail'],
      ['stray', 'error'],
      ['thrown', 'error'],
    ])
    expect(report.counts).toEqual({ passed: 1, failed: 7, skipped: 0 })
    expect(report.results[1]?.message).toBe('one is two\n  expected: 2\n  seen:     1')
    expect(report.results[4]?.message).toContain('It made 0 statements, and must make at least 1.')
  })

  test('a scenario that does not end is an error, and its handles are closed', async () => {
    const { promise: opened, resolve } = Promise.withResolvers<StorageHandle>()
    const endless = scenario('endless', async (context) => {
      resolve(await context.open())
      await new Promise(() => {})
    })
    const report = await run([endless], memory, { timeoutMs: 500 })
    expect(report.results[0]?.verdict).toBe('error')
    expect(report.results[0]?.message).toContain('It did not end within 500 ms.')
    const handle = await opened
    await vi.waitFor(() => expect(handle.context.getSession('a')).rejects.toThrow(ClosedError))
  })

  test('a known deviation is skipped, fails once it has expired, and must not pass', async () => {
    const deviation = { reason: 'not yet', issue: 'issue 1', expires: '2999-01-01' }
    const known = { 'test/failing': deviation, 'test/passing': deviation }
    const report = await run([passing, failing], { ...memory, deviations: known })
    expect(verdicts(report)).toEqual([
      ['passing', 'unexpected-pass'],
      ['failing', 'deviation'],
    ])
    expect(report.results[1]?.message).toContain('Known deviation (issue 1, until 2999-01-01): not yet')
    expect(report.counts).toEqual({ passed: 0, failed: 1, skipped: 1 })

    const expired = { 'test/failing': { ...deviation, expires: '2020-01-01' } }
    expect(verdicts(await run([failing], { ...memory, deviations: expired }))).toEqual([['failing', 'fail']])
  })

  test('a deviation of no scenario is refused', () => {
    const deviations = { 'test/other': { reason: '', issue: '', expires: '2999-01-01' } }
    expect(() => createRun({ ...memory, deviations }, null)).toThrow('"test/other", which is no scenario')
  })
})

describe('what is scheduled', () => {
  const levels = (['seed', 'atomic', 'shared', 'durable'] as const).map((level) => {
    return scenario(level, ({ assert }) => assert.ok(true, 'it holds'), { level })
  })

  test('nothing above the claimed level, or above the one asked for', async () => {
    const asked = await run(levels, memory, { level: 'seed' })
    expect(verdicts(await run(levels))).toEqual([
      ['seed', 'pass'],
      ['atomic', 'pass'],
    ])
    expect(verdicts(asked)).toEqual([['seed', 'pass']])
  })

  test('scenarios that need processes are not run where no module can be loaded', async () => {
    const claims = { ...memory.claims, processes: true, durable: true, pythonFile: true } as const
    const open: Backend['open'] = async (namespace) => {
      return { ...(await memory.open(namespace)), capabilities: new Set(CAPABILITIES) }
    }
    expect(verdicts(await run(levels, { ...memory, claims, open }))).toEqual([
      ['seed', 'pass'],
      ['atomic', 'pass'],
      ['shared', 'not-run'],
      ['durable', 'not-run'],
    ])
  })

  test('what is not claimed is tested to be refused, and nothing else of it', async () => {
    const claims = { ...memory.claims, claim: 'not written yet' }
    const one = scenario('one', ({ assert }) => assert.ok(true, ''), { capabilities: ['claim'] })
    const { planned } = createRun({ ...memory, claims }, null, { scenarios: [one] })
    expect(planned.map(({ scenario: { id }, good }) => [id, good])).toEqual([
      ['refused/claim', 'unsupported'],
    ])
  })

  test('of a backend that brings one protocol only what concerns that one', async () => {
    const other = scenario('other', () => {}, { protocols: ['saga'] })
    const part: Backend = {
      ...memory,
      protocols: ['context'],
      claims: { ...memory.claims, claim: 'brings the context only' },
      open: async (namespace) => ({ context: (await memory.open(namespace)).context }) as object,
    }
    const report = await run([passing, other], part)
    expect(verdicts(report)).toEqual([['passing', 'pass']])
    expect(report.preflight).toEqual([])
    expect(report.claimedLevel).toBe('atomic')
  })

  test('scenarios are found by id, by group and by their beginning', () => {
    const ids = (only: string[]) =>
      createRun(memory, null, { only, scenarios: [passing, failing] }).planned.map(
        ({ scenario: { id } }) => id,
      )
    expect(ids(['test/passing'])).toEqual(['test/passing'])
    expect(ids(['test'])).toEqual(['test/passing', 'test/failing'])
    expect(ids(['test/f*'])).toEqual(['test/failing'])
    expect(ids(['tes', 'passing', 'test/pass'])).toEqual([])
  })
})

test('one seed gives a scenario the same random numbers, and each its own', async () => {
  const drawn: number[][] = []
  const draw = (id: string) =>
    scenario(id, ({ random, assert }) => {
      drawn.push([random(), random(), random()])
      assert.ok(true, 'drawn')
    })
  await run([draw('one'), draw('two'), draw('one')])
  expect(drawn[0]).toEqual(drawn[2])
  expect(drawn[0]).not.toEqual(drawn[1])
  expect(drawn.flat().every((n) => n >= 0 && n < 1)).toBe(true)
})

describe('level and exit code', () => {
  const both = [passing, scenario('atomic', ({ assert }) => assert.ok(true, ''), { level: 'atomic' })]
  const unfiltered = async (scenarios: readonly Scenario[], backend = memory): Promise<Report> => {
    const report = await run(scenarios, backend)
    const { earnedLevel } = await import('../src/level.ts')
    return { ...report, filtered: false, level: earnedLevel(report.results, report.upTo) }
  }

  test.each([
    ['all that was claimed', both, 'atomic', 0],
    ['a broken promise', [...both, failing], null, 1],
    ['an error', [...both, scenario('throwing', () => Promise.reject(new Error('no')))], null, 3],
    [
      'an undecided one',
      [...both, scenario('undecided', () => Promise.reject(new Inconclusive('no')))],
      null,
      4,
    ],
    ['a level of which nothing ran', [passing], 'seed', 4],
    ['nothing at all', [], null, 3],
  ])('%s', async (_, scenarios, level, code) => {
    const report = await unfiltered(scenarios)
    expect(report.level).toBe(level)
    expect(exitCode(report, undefined)).toBe(code)
  })

  test('a lower level may be required', async () => {
    const report = await unfiltered([passing])
    expect(exitCode(report, 'seed')).toBe(0)
    expect(exitCode(report, 'atomic')).toBe(4)
  })

  test('a filtered run earns no level', async () => {
    const report = await run(both, memory, { only: ['test/passing'] })
    expect(report.level).toBe(null)
    expect(report.labels).toEqual([])
    expect(exitCode(report, undefined)).toBe(0)
    expect(exitCode(report, 'seed')).toBe(4)
  })

  test('a deviation below a level keeps it from being reached', async () => {
    const deviations = { 'test/failing': { reason: '', issue: '', expires: '2999-01-01' } }
    const report = await unfiltered([...both, failing], { ...memory, deviations })
    expect(report.level).toBe(null)
    expect(exitCode(report, undefined)).toBe(4)
  })
})
