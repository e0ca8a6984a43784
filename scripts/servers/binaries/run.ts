import { spawnSync } from 'node:child_process'

/** Runs a command to its end and gives what it printed; an error holds the end of its complaints. */
export function run(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd,
    maxBuffer: 1 << 28,
  })
  if (status === 0) return stdout
  const complaint = error?.message ?? stderr.trim().split('\n').slice(-3).join(' / ')
  throw new Error(`${command} ${args[0] ?? ''}: ${complaint}`)
}
