import { type Watching, keepWatching } from '@dir/storage-core/adapter'
import type { Connection } from './connection.ts'

const UNAUTHORIZED = 13

/** A change stream on the log. Who may not open one polls, and so does a client of one connection, which a stream would keep busy. */
export function watchEvents(connection: Connection, changed: () => void): Watching {
  return keepWatching(changed, async (signal, live) => {
    if (connection.client.options.maxPoolSize === 1) return false
    const stream = connection
      .collection('decision_audit_events')
      .watch([{ $match: { operationType: 'insert' } }, { $project: { _id: 1 } }])
    const close = (): void => void stream.close().catch(() => {})
    signal.addEventListener('abort', close)
    try {
      await stream.tryNext() // opens it
      live()
      for (;;) {
        await stream.next()
        changed()
      }
    } catch (error) {
      return (error as { readonly code?: unknown }).code !== UNAUTHORIZED
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  })
}
