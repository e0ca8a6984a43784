import net from 'node:net'

export interface Proxy {
  readonly url: string
  /** Where new connections lead to; those that are there stay. */
  target: string
  /**
   * Once, to the first connection on which a client sends this text: its replies are lost, or it is cut at the next, or
   * the server's end comes in one packet with the answer that it is ready, or the whole way ends with the next reply, or
   * all other connections are ended, by the server too, before the text goes on, or it arrives when `deliver` is called,
   * even where the client has gone.
   */
  fault: { readonly does: Fault; readonly at: string } | null
  /** How many times the server was ready for more. */
  requests: number
  /** The server's errors arrive in another language. */
  isForeign: boolean
  /** Lets go on what a fault `late` has kept. */
  deliver(): void
  close(): Promise<void>
}

type Fault = 'mute' | 'cut' | 'die' | 'end' | 'others' | 'late'

const READY = Buffer.from('Z\0\0\0\x05I', 'latin1')
const END = errorMessage('SFATAL', 'C57P01', 'Mterminating connection due to administrator command')

function errorMessage(...fields: readonly string[]): Buffer {
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const WORDS = /(?<=SERROR\0VERROR\0C.{5}\0M)[^\0]*/g

/** Other words in errors, as long as they were. */
function translated(data: Buffer): Buffer {
  const text = data.toString('latin1').replaceAll(WORDS, (words) => words.replaceAll(/[a-z]/gi, 'x'))
  return Buffer.from(text.replaceAll('SERROR\0V', 'SERREU\0V'), 'latin1')
}

/** Ends a connection to a server, until that has ended it too. */
function ended(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', resolve)
    socket.end()
  })
}

/** A way to a server that can lose its replies, and lead to another one. */
export async function proxyTo(url: string): Promise<Proxy> {
  const sockets = new Set<net.Socket>()
  const upstreams = new Set<net.Socket>()
  const kept: (() => void)[] = []
  const server = net.createServer((client) => {
    const target = new URL(proxy.target)
    const upstream = net.connect(Number(target.port), target.hostname)
    upstreams.add(upstream)
    upstream.on('close', () => upstreams.delete(upstream))
    let does: Fault | null = null
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        if (does !== 'late') upstream.destroy()
      })
    }
    client.on('data', (data) => {
      if (proxy.fault !== null && data.includes(proxy.fault.at)) {
        does = proxy.fault.does
        proxy.fault = null
      }
      if (does === 'others') {
        does = null
        const others = [...upstreams].filter((one) => one !== upstream).map(ended)
        void Promise.all(others).then(() => upstream.write(data))
        return
      }
      if (does === 'late') kept.push(() => upstream.write(data))
      else upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (data.subarray(-READY.length).equals(READY)) proxy.requests++
      if (does === null) client.write(proxy.isForeign ? translated(data) : data)
      else if (does === 'cut') client.destroy()
      else if (does === 'end') void proxy.close()
      else if (does === 'die') {
        const isReady = data.subarray(-READY.length).equals(READY)
        client.write(isReady ? Buffer.concat([data, END]) : data)
        if (isReady) upstream.destroy()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const own = new URL(url)
  own.port = String(port)
  const proxy: Proxy = {
    url: own.href,
    target: url,
    fault: null,
    requests: 0,
    isForeign: false,
    deliver() {
      for (const write of kept.splice(0)) write()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}
