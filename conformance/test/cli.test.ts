import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Report } from '../src/report.ts'
import { MEMORY_URL } from './memory.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const MEMORY = fileURLToPath(MEMORY_URL)
const folder = mkdtempSync(join(tmpdir(), 'conformance-'))

afterAll(() => rmSync(folder, { recursive: true }))

function cli(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@dir/source', '--disable-warning=ExperimentalWarning', CLI, ...args],
    { cwd: folder, encoding: 'utf8' },
  )
  return { status, stdout, stderr, last: stdout.trimEnd().split('\n').at(-1) }
}

describe('usage', () => {
  test.each([
    ['no module', [], 'Give the path of one backend module.'],
    ['two modules', ['a.ts', 'b.ts'], 'Give the path of one backend module.'],
    ['an unknown option', ['a.ts', '--levle', 'seed'], "Unknown option '--levle'"],
    ['an unknown level', ['a.ts', '--level', 'best'], '--level must be one of seed, atomic, shared, durable'],
    ['a seed that is no number', ['a.ts', '--seed', '1.5'], '--seed must be a whole number'],
    ['an unknown format', ['a.ts', '--report', 'pdf'], '--report takes json and md, not "pdf".'],
    [
      'an unknown scenario',
      ['--explain', 'idempotency/nothing'],
      'There is no scenario "idempotency/nothing".',
    ],
    ['a scenario that is not there', [MEMORY, '--only', 'nothing'], 'Nothing to run'],
  ])('%s: exit code 2', (_, args, message) => {
    const { status, stderr } = cli(...args)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })

  test('--help, --list and --explain', { timeout: 120_000 }, () => {
    expect(cli('--help').stdout).toContain('Exit codes:')
    expect(cli('--list').stdout).toContain('linearizability/lock')
    const { status, stdout } = cli('--explain', 'linearizability/lock')
    expect(status).toBe(0)
    expect(stdout).toContain('catches:')
  })
})

describe('a run', () => {
  test('ends with the counts, and writes its reports', () => {
    const args = [MEMORY, '--only', 'saga', '--seed', '7', '--report', 'json,md', '--out', 'reports']
    const { status, last, stderr } = cli(...args)
    const report = JSON.parse(readFileSync(join(folder, 'reports/conformance.json'), 'utf8')) as Report
    expect(last).toBe(`${report.counts.passed} passed, 0 failed, 0 skipped`)
    expect(report.counts.passed).toBeGreaterThan(3)
    expect(report.seed).toBe(7)
    expect(report.reportVersion).toBe(1)
    expect(report.results.every(({ id }) => id.startsWith('saga/'))).toBe(true)
    expect(stderr).toContain('✓ saga:')
    const markdown = readFileSync(join(folder, 'reports/conformance.md'), 'utf8')
    expect(markdown).toContain('# @dir/storage-memory')
    expect(status).toBe(0)
  })

  test('a broken promise: exit code 1, and how to run that scenario again', () => {
    const broken = fileURLToPath(new URL('../src/mutants/seed-faithful.ts', import.meta.url))
    const { status, stderr, last } = cli(broken, '--only', 'linearizability/counter', '--seed', '7')
    expect(status).toBe(1)
    expect(last).toBe('0 passed, 1 failed, 0 skipped')
    expect(stderr).toContain(
      'clause:   a verb takes effect at one moment between its call and its answer (level atomic)',
    )
    expect(stderr).toMatch(/at: {7}@dir\/storage-conformance\/src\/scenarios\/linearizability\.ts:\d+:\d+\n/)
    expect(stderr).toContain(`dir-storage-conformance ${broken} --only linearizability/counter --seed 7`)
  })

  test('it ends when it has its verdict, whatever the backend left open', () => {
    const module = join(folder, 'left-open.mjs')
    const lines = [
      `import sound from ${JSON.stringify(MEMORY_URL)}`,
      'if (process.send === undefined) setInterval(() => {}, 1_000)', // not in its child processes
      'export default sound',
    ]
    writeFileSync(module, lines.join('\n'))
    const { status, last } = cli(module, '--only', 'saga')
    expect(last).toMatch(/^\d+ passed, 0 failed, 0 skipped$/)
    expect(status).toBe(0)
  })

  test('a module that cannot be loaded, or is none: exit code 3', () => {
    expect(cli('missing.ts').status).toBe(3)
    const other = join(folder, 'other.mjs')
    writeFileSync(other, 'export default {}\n')
    const { status, stderr } = cli(other)
    expect(stderr).toContain('has no default export made by defineBackend')
    expect(status).toBe(3)
  })

  test('a level that is required and not reached: exit code 4', () => {
    expect(cli(MEMORY, '--only', 'saga', '--require', 'seed').status).toBe(4)
  })
})
