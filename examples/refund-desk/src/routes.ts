import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { isStorageError } from '@dir/storage-core'
import { z } from 'zod'
import type { Desk } from './desk.ts'
import { Decision, Request } from './refund.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** `POST /refunds`, `GET /refunds/ID`, `GET /requests` and `POST /refunds/ID/decision`. */
export async function answer(desk: Desk, request: IncomingMessage): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const [resource, id = '', part = ''] = pathname.slice(1).split('/').map(decodeURIComponent)
  switch (`${request.method} ${[resource, id && 'ID', part].filter(Boolean).join('/')}`) {
    case 'POST refunds':
      return found(await desk.ask(await bodyOf(request, Request)))
    case 'GET refunds/ID':
      return found(await desk.find(id))
    case 'POST refunds/ID/decision':
      return found(await desk.decide(id, await bodyOf(request, Decision)))
    case 'GET requests':
      return found(await Array.fromAsync(desk.waiting()))
    default:
      return found(null)
  }
}

const found = (body: unknown): Answer => (body === null ? { status: 404, body: {} } : { status: 200, body })

class BadRequest extends Error {}

async function bodyOf<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const { data, error } = schema.safeParse(await json(request).catch(() => null))
  if (error !== undefined) throw new BadRequest(z.prettifyError(error))
  return data as T
}

/** What to say of an error. What is not the caller's is for the log, and may be asked for again. */
export function failed(error: unknown): Answer {
  if (
    error instanceof BadRequest ||
    error instanceof URIError ||
    isStorageError(error, 'STORAGE_INVALID_ARGUMENT')
  )
    return { status: 400, body: { reason: error.message } }
  if (isStorageError(error, 'STORAGE_CLOSED')) return { status: 503, body: { reason: 'closing' } }
  console.error(error)
  return { status: 500, body: { reason: isStorageError(error) ? error.code : 'error' } }
}
