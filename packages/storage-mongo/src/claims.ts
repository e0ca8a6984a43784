import type { UnfinishedState } from '@dir/storage-core'
import type { ClaimPageFilter, ClaimRow, Page } from '@dir/storage-core/adapter'
import type { IdempotencyDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import type { MongoContext } from './mongo-context.ts'
import { isOlder } from './time.ts'

const NAME = 'idempotency_cache'

/** The unfinished claims after a place, by the index that has their order. */
export async function claimsPage(
  context: MongoContext,
  { state, dfid, leastAgeMicros }: ClaimPageFilter,
  cursor: string | null,
): Promise<Page<ClaimRow>> {
  const now = await context.now()
  const fits = {
    $and: [
      ...(state === null ? [] : [{ $eq: [{ $gt: ['$claim.until', now] }, state === 'inFlight'] }]),
      ...(dfid === null ? [] : [{ $eq: ['$dfid', { $literal: dfid }] }]),
      isOlder('$claim.since', leastAgeMicros),
    ],
  }
  const toItem = ({
    _id,
    claim,
    requestHash,
    dfid: flow = null,
    stepId = null,
  }: IdempotencyDocument): ClaimRow | null => {
    if (claim === null) return null
    const found: UnfinishedState = claim.until > now ? 'inFlight' : 'ambiguous'
    return { key: _id, state: found, ...claim, dfid: flow, stepId, requestHash }
  }
  // what comes after a place has one
  const match = cursor === null ? { 'claim.since': { $gt: '' } } : {}
  return exportPage(context, NAME, ['claim.since', '_id'], cursor, toItem, { match, fits })
}
