import { type ChildProcess, execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Runs the example as its user does, from sources. */
export function run(...args: string[]): Promise<Ended> {
  return runIn(process.cwd(), ...args)
}

export function runIn(cwd: string, ...args: string[]): Promise<Ended> {
  return start(cwd, args).ended
}

/** Runs it until it is in the middle of its days, then sends the signal. */
export function interrupt(signal: NodeJS.Signals, ...args: string[]): Promise<Ended> {
  const { child, ended } = start(process.cwd(), args)
  child.stdout?.once('data', () => child.kill(signal))
  return ended
}

function start(cwd: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const command = ['--conditions=@dir/source', MAIN, ...args]
  const child = execFile(process.execPath, command, { cwd }, (error, stdout, stderr) => {
    const code = error === null ? 0 : error.code
    if (typeof code === 'number') resolve({ code, stdout, stderr })
    else reject(error as Error)
  })
  return { child, ended: promise }
}

/** The titles of the proofs, in order. */
export const PROOFS = [
  'every flow ended exactly once: executed, refused or compensated',
  'no effect twice in the trace, none missing, none without its flow',
  'capital, replayed from the audit log, never above capacity, and all of it free again',
  'escalation budget never above its limit in any hour',
  'no rejection and no finding of a check lost',
  'breakout refused from its suspension on',
] as const

export const ALL_HOLD: readonly string[] = PROOFS.map((title) => `  ✓ holds   ${title}`)

/** The proof lines, as `holds` or `FAILED` and what they are about. */
export function proofLines({ stdout }: Ended): string[] {
  return stdout.split('\n').filter((line) => /^ {2}[✓✗] (holds|FAILED) /.test(line))
}

/** What follows `digest: `; empty if there is none. */
export function digestIn({ stdout }: Ended): string {
  return /^digest: ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? ''
}
