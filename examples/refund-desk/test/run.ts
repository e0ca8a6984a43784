import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

interface Ended {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

export function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=@dir/source', MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}

/** A day that went as it should. */
export async function expectGoodDay(backend: string): Promise<void> {
  const { code, stdout, stderr } = await run('--backend', backend)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.split('\n')
  const ends = lines.flatMap((line) => /^ {2}(C\d+).*(PAID|REFUSED)/.exec(line)?.slice(1).join(' ') ?? [])
  expect(ends.toSorted()).toEqual([
    'C536379 REFUSED',
    'C536383 PAID',
    'C536391 PAID',
    'C541433 REFUSED',
    'C581484 REFUSED',
    'C581490 PAID',
    'C581499 PAID',
    'C581568 PAID',
  ])
  expect(lines).toContain('  ended by SIGKILL, with no answer to the caller of C581568')
  expect(lines).toContain('  ended by 0, with no answer to the caller of C536391')
  expect(stdout).toMatch(/asked what happened: .*C581568/)
  expect(lines.filter((line) => line.startsWith('  holds '))).toHaveLength(8)
}
