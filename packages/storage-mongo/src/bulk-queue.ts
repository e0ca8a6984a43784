import type { QueueEntry, WriteQueue } from '@dir/storage-core'
import type { AnyBulkWriteOperation, Collection } from 'mongodb'
import type { Connection } from './connection.ts'
import type { CollectionName } from './documents.ts'
import { firstRefused, isDuplicate } from './driver-errors.ts'
import { takeSome } from './take-some.ts'
import { pause } from './transactions.ts'

const MAX_ENTRIES = 1_000
const MAX_BYTES = 4 * 1024 * 1024
const TRIES = 5

/** Writes what waits for one collection by ordered bulk writes. What one of them is refused for concerns no other. */
export async function flushBulk(
  connection: Connection,
  name: CollectionName,
  toWrite: (entry: QueueEntry) => AnyBulkWriteOperation,
  queue: WriteQueue,
): Promise<void> {
  let entries = takeSome(queue, MAX_ENTRIES, MAX_BYTES)
  const deadline = Math.max(...entries.map((entry) => entry.work.deadline))
  for (let attempt = 1; entries.length > 0; attempt++) {
    const start = performance.now()
    const writes = oneCommand(entries.map(toWrite))
    const sent = entries.slice(0, writes.length)
    try {
      await connection.carry(deadline, 'unknown', sent.length, async (context) => {
        await connection.present(context)
        const collection = context.collection(name) as unknown as Collection
        return collection.bulkWrite(writes, { ...context.options, ordered: true })
      })
    } catch (error) {
      const failure = connection.failure(error, start, 'unknown')
      const refused = firstRefused(failure.cause)
      if (refused === null) {
        // the server may have ended it after some of its documents: each is as unsure as the rest
        for (const entry of entries.splice(0, sent.length)) entry.reject(failure.toError())
        continue
      }
      for (const entry of entries.splice(0, refused.index)) entry.resolve([undefined])
      // another writer inserted the same at the same moment: done again, it finds that document
      if (isDuplicate(refused.error) && attempt < TRIES) await pause(attempt)
      else {
        // a refusal of the driver's second sending says nothing about its first
        const outcome = connection.reach.isSteadySince(start) ? 'not-applied' : 'unknown'
        entries.shift()?.reject(connection.failure(refused.error, start, outcome).toError())
      }
      continue
    }
    for (const entry of entries.splice(0, sent.length)) entry.resolve([undefined])
  }
}

/** The first of them that the driver sends together: it sends a command for each run of one kind. */
function oneCommand(writes: readonly AnyBulkWriteOperation[]): AnyBulkWriteOperation[] {
  const kindOf = (write: AnyBulkWriteOperation | undefined): string | undefined => Object.keys(write ?? {})[0]
  const end = writes.findIndex((write) => kindOf(write) !== kindOf(writes[0]))
  return writes.slice(0, end === -1 ? undefined : end)
}
