import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { run } from '../src/run.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, on no terminal. */
export async function dirStorage(...args: readonly string[]): Promise<Ended> {
  return dirStorageWith({}, ...args)
}

export async function dirStorageWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Ended> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const { signal } = new AbortController()
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await run(args, { stdin, stdout, stderr, env, signal })
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, stdout: out, stderr: err }
}

/** Starts the command itself, from its source. */
export function start(args: readonly string[], cwd: string) {
  const options = ['--conditions=@dir/source', '--disable-warning=ExperimentalWarning']
  return spawn(process.execPath, [...options, MAIN, ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } })
}

export async function ended(child: ReturnType<typeof start>): Promise<Ended> {
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/** A folder that is there until the end of the test. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'dir-storage-cli-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** The lines of JSON in an output. */
export function jsonLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
