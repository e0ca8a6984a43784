import { type Call, type QueueEntry, WriteQueue } from '@dir/storage-core'
import type { AnyBulkWriteOperation } from 'mongodb'
import { flushAppends } from './append-queue.ts'
import { flushBulk } from './bulk-queue.ts'
import type { BulkOperation } from './bulk.ts'
import type { Connection } from './connection.ts'
import { auditAppender } from './decision-audit.ts'
import type { CollectionName } from './documents.ts'
import { lifecycleAppender } from './lifecycle.ts'
import { LockQueue } from './lock-queue.ts'
import { operations } from './operations.ts'

const APPENDS = new Set(['recordMany', 'recordTransition', 'transition'])
const LOCKS = new Set(['acquire', 'release', 'renew'])

type Bulk = BulkOperation<readonly unknown[]>

function bulkOf({ protocol, operation }: Call): Bulk | null {
  const found = (operations[protocol] as unknown as Record<string, Partial<Bulk>>)[operation]
  return found?.toWrite === undefined ? null : (found as Bulk)
}

function toWrite({ work }: QueueEntry): AnyBulkWriteOperation {
  const [call] = work.calls as readonly [Call]
  return (bulkOf(call) as Bulk).toWrite(...call.args)
}

/** In which queue a call shares commits with others of its kind: appends, locks, and by collection what only writes. */
export function queuesOf(connection: Connection): (call: Call) => WriteQueue | null {
  const { audit, lifecycle } = connection
  const locking = new LockQueue(connection)
  const events = new WriteQueue({ flush: (queue) => flushAppends(connection, audit, auditAppender, queue) })
  const transitions = new WriteQueue({
    flush: (queue) => flushAppends(connection, lifecycle, lifecycleAppender, queue),
  })
  const locks = new WriteQueue({ flush: (queue) => locking.flush(queue) })
  const bulks = new Map<CollectionName, WriteQueue>()
  return (call) => {
    if (APPENDS.has(call.operation)) return call.protocol === 'decisionAudit' ? events : transitions
    if (LOCKS.has(call.operation)) return locks
    const collection = bulkOf(call)?.collectionOf(call.args[0])
    if (collection === undefined) return null
    const existing = bulks.get(collection)
    if (existing !== undefined) return existing
    const queue = new WriteQueue({
      flush: (waiting) => flushBulk(connection, collection, toWrite, waiting),
    })
    bulks.set(collection, queue)
    return queue
  }
}
