import { type Socket, connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A way to a server that can be cut: connections break, and none is had until it is mended. */
export interface Cuttable {
  readonly port: number
  cut(): void
  mend(): void
  close(): void
}

export async function cuttable(port: number): Promise<Cuttable> {
  const sockets = new Set<Socket>()
  let isCut = false
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
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
    close() {
      destroyAll()
      server.close()
    },
  }
}
