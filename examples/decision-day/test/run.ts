import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Runs the example as its user does, from sources. */
export function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--conditions=@dir/source', MAIN, ...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error as Error)
    })
  })
}

/** The proof lines, as `holds` or `FAILED` and what they are about. */
export function proofLines({ stdout }: Ended): string[] {
  return stdout.split('\n').filter((line) => /^ {2}(holds|FAILED) /.test(line))
}

/** What follows `digest: `; empty if there is none. */
export function digestIn({ stdout }: Ended): string {
  return /^digest: ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? ''
}
