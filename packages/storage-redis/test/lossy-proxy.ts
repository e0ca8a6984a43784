import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** What a proxy does with what the server answers. */
export type Replies = 'pass' | 'drop' | 'cut'

/** Stands between a client and a server, and loses replies. */
export interface LossyProxy {
  readonly url: string
  /**
   * `pass`; `drop`: replies vanish, and the connection stays; `cut`: the connection breaks at the next reply, which is
   * lost, and the ones after it pass again.
   */
  replies: Replies
  /** How many replies were lost. */
  readonly lost: number
  close(): Promise<void>
}

export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const state = { replies: 'pass' as Replies, lost: 0 }
  const server = createServer((client) => {
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
    upstream.on('data', (bytes) => {
      if (state.replies === 'pass') return void client.write(bytes)
      state.lost++
      if (state.replies === 'cut') {
        state.replies = 'pass'
        client.destroy()
      }
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
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
