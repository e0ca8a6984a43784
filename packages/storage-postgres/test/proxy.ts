import net from 'node:net'

export interface Proxy {
  readonly url: string
  /** Once, to the first connection on which a client sends this text: its replies are lost, or it is cut at the next. */
  fault: { readonly does: 'mute' | 'cut'; readonly at: string } | null
  close(): Promise<void>
}

/** A way to a server that can lose its replies. */
export async function proxyTo(url: string): Promise<Proxy> {
  const target = new URL(url)
  const sockets = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname)
    let does: 'mute' | 'cut' | null = null
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (proxy.fault !== null && data.includes(proxy.fault.at)) {
        does = proxy.fault.does
        proxy.fault = null
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (does === null) client.write(data)
      else if (does === 'cut') client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const own = new URL(url)
  own.port = String(port)
  const proxy: Proxy = {
    url: own.href,
    fault: null,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
