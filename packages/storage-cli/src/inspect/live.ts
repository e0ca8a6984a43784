import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StorageHandle } from '@dir/storage-core'
import { describeError } from '../errors.ts'
import { toJson } from '../output.ts'
import { EVENT_FILTER, plain } from './lists.ts'
import type { Query } from './query.ts'

interface Live {
  readonly storage: StorageHandle
  readonly query: Query
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Fires when nobody listens any more. */
  readonly signal: AbortSignal
}

/** Sends the events after the last one that the browser has, and those that come, as server-sent events. */
export async function sendEvents({ storage, query, request, response, signal }: Live): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.flushHeaders()
  try {
    const afterSeq = Number(request.headers['last-event-id'] ?? query.number('after') ?? 0)
    const filter = query.filter(EVENT_FILTER)
    for await (const event of storage.decisionAudit.events({ ...filter, afterSeq, follow: true, signal }))
      if (!response.write(`id: ${event.seq}\ndata: ${toJson(plain(event))}\n\n`))
        await once(response, 'drain', { signal })
  } catch (error) {
    // a browser would ask again and again for what is refused
    if (!signal.aborted) response.write(`event: refused\ndata: ${toJson(describeError(error))}\n\n`)
  }
  response.end()
}
