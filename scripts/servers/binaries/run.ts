import { execFile } from 'node:child_process'
import type { User } from '../user.ts'

export interface RunOptions extends Partial<User> {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a command to its end and gives what it printed; an error holds the end of its complaints. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 28, ...options }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const complaint = stderr.trim().split('\n').slice(-3).join(' / ') || error.message
      reject(new Error(`${command} ${args[0] ?? ''}: ${complaint}`))
    })
  })
}
