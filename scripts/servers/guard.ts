import { spawn } from 'node:child_process'

/**
 * Waits for the end of its input, which comes when the process that started it has gone in whatever way, SIGKILL
 * included. Then it ends the server and removes the folder; a paused server is woken first so that it can end.
 */
const SCRIPT = `
cat >/dev/null
kill -s "$2" "$1" && kill -s CONT "$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" && sleep 0.1; done
kill -s KILL "$1"
rm -rf "$3" || { sleep 1; rm -rf "$3"; }
`

export interface Guard {
  /** The server has ended in good order: nothing is left to watch. */
  dismiss(): void
}

/** Sees to it that neither a server nor its folder outlives this process. */
export function guard(pid: number, dir: string, signal: NodeJS.Signals): Guard {
  const name = signal.replace('SIG', '')
  const watcher = spawn('sh', ['-c', SCRIPT, 'guard', String(pid), name, dir], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in the terminal is not meant for it
  })
  watcher.unref()
  watcher.on('error', () => {})
  const input = watcher.stdin
  input.on('error', () => {})
  if ('unref' in input && typeof input.unref === 'function') input.unref()
  return {
    dismiss() {
      if (watcher.exitCode === null && watcher.pid !== undefined) killGroup(watcher.pid)
    },
  }
}

/** The shell together with the `cat` that it waits for. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // gone already
  }
}
