import { InvalidArgumentError } from '@dir/storage-core'
import { settleBy } from '@dir/storage-core/adapter'
import { MongoClient } from 'mongodb'
import { Late } from './late.ts'

/** Older ones answer otherwise, or go on after a deadline. */
const OLDEST = [6, 13] as const
const WANTED = `must be a MongoClient of the mongodb package, ${OLDEST.join('.')} or newer`
/** What the URL may say, and is not done. */
const NOT_USED = new Set(['readpreference', 'readpreferencetags', 'maxstalenessseconds'])

/** A client of our own. No message of the driver's is passed on: it may quote the URL. */
export function openClient(url: unknown, timeoutMs: number): MongoClient {
  if (typeof url !== 'string') throw new InvalidArgumentError('url', 'must be a string')
  const patience = Math.max(1, Math.floor(timeoutMs * 0.8))
  try {
    const client = new MongoClient(withoutPreference(url), {
      retryWrites: true,
      retryReads: true,
      serverSelectionTimeoutMS: patience,
      waitQueueTimeoutMS: patience,
      connectTimeoutMS: patience,
    })
    client.on('error', () => {})
    return client
  } catch {
    throw new InvalidArgumentError(
      'url',
      'must be a MongoDB connection string, such as mongodb://host/database',
    )
  }
}

function withoutPreference(url: string): string {
  const [place = '', query] = url.split('?', 2)
  if (query === undefined) return url
  const kept = query.split('&').filter((part) => !NOT_USED.has((part.split('=')[0] ?? '').toLowerCase()))
  return `${place}?${kept.join('&')}`
}

/** A user's client, which may be of another copy of the driver. */
export function checkClient(given: unknown): MongoClient {
  const client = (given ?? {}) as MongoClient
  if (typeof client.db !== 'function' || typeof client.startSession !== 'function')
    throw new InvalidArgumentError('client', WANTED)
  const found = versionOf(client)
  const [major = 0, minor = 0] = (found ?? '').split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new InvalidArgumentError('client', `${WANTED}; this one is of ${found ?? 'another'}`)
  if (client.options.serverApi?.strict === true)
    throw new InvalidArgumentError(
      'client',
      'must not be strict about the API: the commands that end the transactions of dead processes are not in it. Open it with serverApi { strict: false }',
    )
  return client
}

/** Long enough for a server that answers. */
const CLOSE_MS = 250

/** Closes a client of our own. It says goodbye to the server, and would wait for the answer of one that hangs. */
export async function closeClient(client: MongoClient, deadline: number): Promise<void> {
  const end = client.close()
  const patience = Math.max(deadline, performance.now() + CLOSE_MS)
  await settleBy(patience, end, () => new Late()).catch((error: unknown) => {
    if (!(error instanceof Late)) throw error
    const topology = Reflect.get(client, 'topology') as { close(): void } | undefined
    topology?.close() // ends the connections, and with them whatever waits for an answer
    end.catch(() => {})
  })
}

/** The driver's version; the newest say it only by a promise. */
function versionOf(client: MongoClient): string | null {
  const { metadata } = (client.options ?? {}) as { readonly metadata?: unknown }
  if (client instanceof MongoClient || metadata instanceof Promise) return `${OLDEST[0] + 1}.0`
  const { driver } = (metadata ?? {}) as { readonly driver?: { readonly version?: unknown } }
  return typeof driver?.version === 'string' ? (/^\d+\.\d+/.exec(driver.version)?.[0] ?? null) : null
}
