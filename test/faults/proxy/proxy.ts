import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { ServerName } from '../../../scripts/servers/index.ts'
import type { Fault } from './fault.ts'
import { Link } from './link.ts'
import { mongoWire } from './mongo.ts'
import { postgresWire } from './postgres.ts'
import { redisWire } from './redis.ts'
import type { Wire } from './wire.ts'

const WIRES: Readonly<Record<ServerName, Wire>> = {
  postgres: postgresWire,
  redis: redisWire,
  mongo: mongoWire,
}

/** Stands between clients and a server, and does to their packets what it is told. */
export interface Proxy {
  /** Where clients find it. */
  readonly url: string
  /** Is shown each request that carries out a call, in the order of their arrival, and says what becomes of it. */
  choose: (request: Buffer) => Fault | null
  /** Breaks every connection. */
  cut(): void
  close(): Promise<void>
}

export async function proxyTo(name: ServerName, target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const links = new Set<Link>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const link = new Link(client, upstream, WIRES[name], (request) => proxy.choose(request))
    links.add(link)
    upstream.on('close', () => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = new URL(target)
  own.port = String((server.address() as AddressInfo).port)
  // the members of a set would tell the driver their own addresses, and it would go there
  if (name === 'mongo') own.search = 'directConnection=true'
  const proxy: Proxy = {
    url: own.href,
    choose: () => null,
    cut() {
      for (const link of links) link.cut()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const link of links) link.cut()
      await closed
    },
  }
  return proxy
}
