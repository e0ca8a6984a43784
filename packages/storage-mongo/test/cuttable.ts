import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A way to a server that can be cut: connections break, and none is had until it is mended. */
export interface Cuttable {
  readonly port: number
  cut(): void
  mend(): void
  /** Keeps what is sent from now on by the connections that there are. Others are not held up. */
  hold(): void
  /** So of the connection only that sends something with this word next. */
  holdNext(word?: string): void
  /** Sends on what was kept, and waits for what the server says to connections that were given up meanwhile. */
  deliver(): Promise<void>
  close(): void
}

interface Way {
  readonly near: Socket
  readonly far: Socket
  /** What is held up; null: nothing is. */
  kept: Buffer[] | null
}

export async function cuttable(port: number): Promise<Cuttable> {
  const sockets = new Set<Socket>()
  const ways = new Set<Way>()
  let isCut = false
  let held: string | null = null
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(port, '127.0.0.1')
    const way: Way = { near, far, kept: null }
    ways.add(way)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        if (way.kept !== null && !isCut) return
        ways.delete(way)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (chunk) => {
      if (held !== null && chunk.includes(held)) {
        way.kept ??= []
        held = null
      }
      return way.kept === null ? far.write(chunk) : way.kept.push(chunk)
    })
    far.pipe(near)
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      destroyAll()
    },
    mend() {
      isCut = false
    },
    hold() {
      for (const way of ways) way.kept ??= []
    },
    holdNext(word = '') {
      held = word
    },
    async deliver() {
      const answers = [...ways].map(async (way): Promise<void> => {
        const kept = way.kept ?? []
        way.kept = null
        if (kept.length === 0) return
        way.far.resume().write(Buffer.concat(kept))
        if (way.near.destroyed) await once(way.far, 'data')
      })
      await Promise.all(answers)
    },
    close() {
      destroyAll()
      server.close()
    },
  }
}
