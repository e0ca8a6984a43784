import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import { IMPORTED_UNTIL } from '@dir/storage-core/adapter'
import type { IdempotencyDocument } from './documents.ts'
import { hostNow } from './time.ts'

export const resultOf = (resultJson: string) => ({ resultJson, createdAt: hostNow(), claim: null })

/** A result that nobody claimed the key for. */
export const setTo = (resultJson: string) => {
  return { $set: { ...resultOf(resultJson), requestHash: null, dfid: null, stepId: null } }
}

export function toExport({
  _id,
  claim,
  dfid = null,
  stepId = null,
  ...effect
}: IdempotencyDocument): IdempotencyExport {
  const work = { ...(dfid === null ? {} : { dfid }), ...(stepId === null ? {} : { stepId }) }
  return { type: 'idempotency', key: _id, ...effect, claimedAt: claim?.since ?? null, ...work }
}

export function toDocument(item: IdempotencyExport): IdempotencyDocument {
  const { key, resultJson, requestHash, createdAt, claimedAt, dfid = null, stepId = null } = item
  // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
  const over = { token: randomUUID(), until: IMPORTED_UNTIL }
  const claim = claimedAt === null ? null : { ...over, since: claimedAt }
  return { _id: key, resultJson, requestHash, createdAt, claim, dfid, stepId }
}
