import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** What a proxy does with what the server answers. */
export type Replies = 'pass' | 'drop' | 'cut' | `-${string}`

/** Stands between a client and a server, and loses replies. */
export interface LossyProxy {
  readonly url: string
  /**
   * `pass`; `drop`: replies vanish, and the connection stays; `cut`: the connection breaks at the next reply, which is
   * lost, and the ones after it pass again; an error, such as `-ERR upstream`: the next reply is lost, and this is sent
   * in its place.
   */
  replies: Replies
  /** How many replies were lost. */
  readonly lost: number
  /** How often clients sent something first or after a reply. */
  readonly trips: number
  /** Called when a reply is lost, before the client learns of it. */
  set onLost(onLost: () => void | Promise<void>)
  /** Ends all connections; new ones lead to another server. */
  leadTo(target: string): void
  close(): Promise<void>
}

export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  const state = {
    target,
    replies: 'pass' as Replies,
    lost: 0,
    trips: 0,
    onLost: (): void | Promise<void> => {},
  }
  const server = createServer((client) => {
    const { hostname, port } = new URL(state.target)
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    let isClientsTurn = true
    client.on('data', () => {
      if (isClientsTurn) state.trips++
      isClientsTurn = false
    })
    upstream.on('data', (bytes) => {
      isClientsTurn = true
      const { replies } = state
      // a script that the server does not know yet has not run
      if (replies === 'pass' || bytes.toString('latin1').startsWith('-NOSCRIPT'))
        return void client.write(bytes)
      state.lost++
      if (replies === 'drop') return
      state.replies = 'pass'
      void Promise.resolve(state.onLost()).then(() => {
        if (replies === 'cut') client.destroy()
        else client.write(`${replies}\r\n`)
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get replies() {
      return state.replies
    },
    set replies(replies) {
      state.replies = replies
    },
    get lost() {
      return state.lost
    },
    get trips() {
      return state.trips
    },
    set onLost(onLost: () => void | Promise<void>) {
      state.onLost = onLost
    },
    leadTo(other) {
      state.target = other
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
