import diagnostics from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'

/** Counts what leaves for a store. */
export interface Meter {
  /** How much was sent so far: bytes and connections, commands or statements. */
  readonly sent: () => number
  stop(): void
}

/** Sockets whose bytes count as soon as they are written, whether they have left or wait. */
export function socketMeter(): Meter & { readonly open: () => Socket } {
  const sockets: Socket[] = []
  const look = (message: unknown): void => void sockets.push((message as { readonly socket: Socket }).socket)
  diagnostics.subscribe('net.client.socket', look)
  return {
    sent: () => sockets.reduce((sum, socket) => sum + 1 + socket.bytesWritten, 0),
    stop: () => void diagnostics.unsubscribe('net.client.socket', look),
    /** For drivers that make their sockets themselves, which the channel does not tell. */
    open() {
      const socket = new Socket()
      sockets.push(socket)
      return socket
    },
  }
}

type Act = (this: unknown, ...args: readonly unknown[]) => unknown

/** Counts every statement that this process runs in SQLite, reads too. */
export function statementMeter(): Meter {
  const require = createRequire(new URL('../../packages/storage-sqlite/package.json', import.meta.url))
  const Database = require('better-sqlite3') as new (path: string) => {
    prepare(sql: string): object
    close(): void
  }
  const database = new Database(':memory:')
  const statement = Object.getPrototypeOf(database.prepare('SELECT 1')) as Record<string, Act>
  const connection = Object.getPrototypeOf(database) as Record<string, Act>
  database.close()
  let count = 0
  const undo = [
    ...['run', 'get', 'all', 'iterate'].map((name) => tally(statement, name, () => count++)),
    ...['exec', 'pragma'].map((name) => tally(connection, name, () => count++)),
  ]
  return { sent: () => count, stop: () => undo.forEach((one) => one()) }
}

function tally(owner: Record<string, Act>, name: string, count: () => void): () => void {
  const real = owner[name]
  if (real === undefined) throw new Error(`better-sqlite3 has no ${name} any more`)
  owner[name] = function (...args) {
    count()
    return Reflect.apply(real, this, args)
  }
  return () => void (owner[name] = real)
}
