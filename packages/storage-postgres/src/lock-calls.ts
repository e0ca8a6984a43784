import { type AcquireRequest, type Call, InternalError } from '@dir/storage-core'
import type { LockBook, LockScope } from './lock-book.ts'

/** Whether a hold is there, as `LockBook.save` found. */
type IsThere = (dfid: string, resourceId: string) => boolean

/** An answer that is known once the book is saved. */
export type Settled = (isThere: IsThere) => unknown

/** Acquires, releases and renewals: what they name, and how each is carried out on a book. */
export function scopeOf(calls: readonly Call[]): LockScope {
  const acquires = calls.filter((call) => call.operation === 'acquire').map(requestOf)
  return {
    flows: calls.map((call) => flowOf(call)),
    resources: [...new Set(acquires.flatMap(({ demands }) => demands.map(({ resourceId }) => resourceId)))],
    acquires: acquires.length,
  }
}

/** Whether the condition of a renewal holds; throws the refusal of an acquire. */
export function judgeLockCall(book: LockBook, call: Call): boolean {
  if (call.operation === 'acquire') book.judge(requestOf(call))
  if (call.operation !== 'renew') return true
  const [dfid, , fence] = call.args as [string, number, number | null]
  return book.renewable(dfid, fence).length > 0
}

export function enactLockCall(book: LockBook, call: Call): Settled {
  if (call.operation === 'acquire') {
    const grant = book.enact(requestOf(call))
    return () => grant
  }
  if (call.operation === 'release') {
    const [dfid, fence] = call.args as [string, number | null]
    book.release(dfid, fence)
    return () => undefined
  }
  if (call.operation !== 'renew') throw new InternalError('A call got into the queue of another protocol.')
  const [dfid, leaseMicros, fence] = call.args as [string, number, number | null]
  const renewed = book.renew(dfid, leaseMicros, fence)
  // none where the batch itself has released them
  return (isThere) => renewed.length === 0 || renewed.some((resourceId) => isThere(dfid, resourceId))
}

const LOCK_CALLS: ReadonlySet<string> = new Set(['acquire', 'release', 'renew'])

export function isLockCall({ protocol, operation }: Call): boolean {
  return protocol === 'resourceLock' && LOCK_CALLS.has(operation)
}

function requestOf({ args }: Call): AcquireRequest {
  return args[0] as AcquireRequest
}

function flowOf(call: Call): string {
  return call.operation === 'acquire' ? requestOf(call).dfid : (call.args[0] as string)
}
