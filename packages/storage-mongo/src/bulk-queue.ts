import type { QueueEntry, WriteQueue } from '@dir/storage-core'
import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb'
import type { Connection } from './connection.ts'
import type { CollectionName } from './documents.ts'
import { isDuplicate, isUnconfirmed } from './errors.ts'
import { takeSome } from './take-some.ts'
import { pause } from './transactions.ts'

const MAX_ENTRIES = 1_000
const MAX_BYTES = 4 * 1024 * 1024
const TRIES = 5

/** Writes what waits for one collection by one ordered bulk write. What one of them is refused for concerns no other. */
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
    const writes = entries.map(toWrite)
    let refused: Refused | null
    try {
      refused = await connection.carry(deadline, 'unknown', async (context) => {
        const collection = context.collection(name) as unknown as Collection
        return firstRefused(collection.bulkWrite(writes, { ...context.options, ordered: true }))
      })
    } catch (error) {
      const all = connection.failure(error, start, 'unknown')
      for (const entry of entries) entry.reject(all.toError())
      return
    }
    for (const entry of entries.slice(0, refused?.index)) entry.resolve([undefined])
    if (refused === null) return
    entries = entries.slice(refused.index)
    // another writer inserted the same at the same moment: done again, it finds that document
    if (isDuplicate(refused.error) && attempt < TRIES) await pause(attempt)
    else entries.shift()?.reject(connection.failure(refused.error, start, 'not-applied').toError())
  }
}

interface Refused {
  readonly index: number
  readonly error: unknown
}

/** Which write was refused; those before it are done, those after it were not begun. */
async function firstRefused(writing: Promise<unknown>): Promise<Refused | null> {
  try {
    await writing
    return null
  } catch (error) {
    const { writeErrors } = error as Partial<MongoBulkWriteError>
    const [first] = Array.isArray(writeErrors) ? writeErrors : []
    if (first === undefined || isUnconfirmed(error)) throw error
    return { index: first.index, error }
  }
}
