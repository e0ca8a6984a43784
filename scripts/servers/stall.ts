import { readFileSync, readdirSync } from 'node:fs'

/** Programs that may be stopped: a process id is told by servers elsewhere, too, where it means another process. */
const SERVERS = /(?:redis-server|valkey-server|mongod)\b/

/** The process on this machine that serves `url`, or null: then it is elsewhere, or in a container. */
function serverPid(url: string): number | null {
  const { hostname, port } = new URL(url)
  if (hostname !== '127.0.0.1' || process.platform !== 'linux') return null
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.find((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/)
      return SERVERS.test(words[0] ?? '') && words.some((word) => word === port || word.endsWith(`:${port}`))
    } catch {
      return false // it has ended
    }
  })
  return found === undefined ? null : Number(found)
}

/** For a backend's module: holds up the server of `url` by SIGSTOP, where it runs here. */
export function stallOf(url: string): { stall?: () => Promise<() => void> } {
  const pid = serverPid(url)
  if (pid === null) return {}
  return {
    stall() {
      process.kill(pid, 'SIGSTOP')
      return Promise.resolve(() => void process.kill(pid, 'SIGCONT'))
    },
  }
}
