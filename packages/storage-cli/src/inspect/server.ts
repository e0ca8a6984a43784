import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StorageHandle } from '@dir/storage-core'
import { StoreError, describeError } from '../errors.ts'
import { EXIT } from '../exit-code.ts'
import { toJson } from '../output.ts'
import { ANSWERS } from './answers.ts'
import { HEADERS, refusalOf } from './guard.ts'
import { sendEvents } from './live.ts'
import { loadPage } from './page.ts'
import { Query } from './query.ts'

const HOST = '127.0.0.1'
const TOKEN_BYTES = 24

interface Served {
  readonly storage: StorageHandle
  /** What the store is called on the page. */
  readonly label: string
  /** 0: a free one. */
  readonly port: number
  /** Ends it, with every answer that is under way. */
  readonly signal: AbortSignal
}

/** Serves the page. @returns its address. */
export async function startServer({ storage, label, port, signal }: Served): Promise<string> {
  const page = await loadPage()
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const refusal = refusalOf(request, portOf(server.address()), token)
    if (refusal !== null) return void response.writeHead(refusal).end()
    const { pathname, searchParams } = new URL(request.url ?? '', `http://${HOST}`)
    const name = pathname.slice(token.length + 2)
    const file = page.get(name)
    if (file !== undefined) return void response.setHeader('Content-Type', file.type).end(file.text)
    return void answer(name, request, response, searchParams)
  })

  async function answer(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
    given: URLSearchParams,
  ): Promise<void> {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const query = new Query(given)
    if (name === 'live') return sendEvents({ storage, query, request, response, signal: left.signal })
    const find = Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined
    if (find === undefined) return void response.writeHead(404).end()
    response.setHeader('Content-Type', 'application/json')
    try {
      const found = await find({ storage, label, query, signal: left.signal })
      response.end(toJson(found))
    } catch (error) {
      const { exitCode, message } = describeError(error)
      response.writeHead(exitCode === EXIT.usage ? 400 : 503).end(toJson({ message }))
    }
  }

  server.listen({ host: HOST, port, signal })
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'EADDRINUSE'
      ? new StoreError(`Port ${port} is in use: leave out --port, or take another one.`)
      : new StoreError(message)
  }
  signal.addEventListener('abort', () => server.closeAllConnections(), { once: true })
  return `http://${HOST}:${portOf(server.address())}/${token}/`
}

function portOf(address: string | AddressInfo | null): number {
  return (address as AddressInfo).port
}
