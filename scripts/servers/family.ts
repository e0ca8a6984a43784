import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

interface Relation {
  readonly pid: number
  readonly parent: number
}

/**
 * A server's processes, itself first: PostgreSQL answers each client from a process of its own, which goes on for a
 * while when only the first one is stopped or killed.
 */
export function familyOf(pid: number): number[] {
  const all = relations()
  const below = (parent: number): number[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one.pid, ...below(one.pid)])
  return [pid, ...below(pid)]
}

export function isAlive(pid: number): boolean {
  return relations().some((one) => one.pid === pid)
}

/** Waits until none of these processes is alive. */
export async function ended(pids: readonly number[]): Promise<void> {
  while (relations().some(({ pid }) => pids.includes(pid))) await sleep(5)
}

/** Sends a signal to each process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // gone already
    }
}

const STOP_MS = 2_000

/** Waits, keeping the event loop, until no thread of these processes runs any more. Known on Linux only. */
export function waitUntilStopped(pids: readonly number[]): void {
  const end = performance.now() + STOP_MS
  while (process.platform === 'linux' && pids.some(isRunning) && performance.now() < end);
}

function isRunning(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return !/^[TtZX]/.test(text.slice(text.lastIndexOf(')') + 2))
    })
  } catch {
    return false // gone
  }
}

/** The processes of this machine, without those that have ended and only wait to be noticed. */
function relations(): Relation[] {
  return process.platform === 'linux' ? fromProc() : fromPs()
}

function fromProc(): Relation[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent) }]
    } catch {
      return [] // gone while we looked
    }
  })
}

function fromPs(): Relation[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/)
    return state === undefined || state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent) }]
  })
}
