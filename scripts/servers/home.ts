import { spawn } from 'node:child_process'
import { chownSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { User } from './user.ts'

/**
 * The guard reads from us which processes live in the folder. Its input ends when we do, in whatever way, SIGKILL
 * included; then it ends the server, waking it first should it be paused, and removes the folder.
 */
const GUARD = `
pids=
while read -r one others; do signal=$one pids=$others; done
if [ "$pids" ]; then
  first=\${pids%% *}
  kill -s "$signal" "$first"
  kill -s CONT $pids
  if [ "$signal" != KILL ]; then
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$first" && sleep 0.1; done
    kill -s KILL $pids
  fi
fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

/** A folder for one server, which does not outlive the process that made it, nor does the server in it. */
export interface Home {
  readonly dir: string
  /** Names the processes that live here now, and the signal that ends the first of them and so all. */
  moveIn(pids: readonly number[], signal: NodeJS.Signals): void
  moveOut(): void
  /** Removes the folder. */
  remove(): Promise<void>
}

/** Where a server's folder is made. */
export interface Placed {
  /** Default: the one for temporary files. */
  readonly folder?: string | undefined
}

/** Makes a folder that belongs to the user that the server runs as. */
export function makeHome(name: string, { folder = tmpdir() }: Placed = {}, user?: User): Home {
  const dir = mkdtempSync(path.join(folder, `dir-storage-${name}-`))
  if (user !== undefined) chownSync(dir, user.uid, user.gid)
  const guard = spawn('sh', ['-c', GUARD, 'dir-storage-guard', dir], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in the terminal is not meant for it
  })
  const { stdin } = guard
  for (const emitter of [guard, stdin]) emitter.on('error', () => {}) // it is gone, and there is nothing to tell
  guard.unref()
  if (stdin instanceof Socket) stdin.unref()
  return {
    dir,
    moveIn: (pids, signal) => void stdin.write(`${signal.replace('SIG', '')} ${pids.join(' ')}\n`),
    moveOut: () => void stdin.write('\n'),
    async remove() {
      await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
      stdin.end()
    },
  }
}
