import type { Micros } from '@dir/storage-core/adapter'
import type { Filter } from 'mongodb'
import type { HoldDocument } from './documents.ts'
import { LIVE, resource } from './holds.ts'
import type { MongoContext } from './mongo-context.ts'
import { SERVER_NOW } from './time.ts'

const NAME = 'resource_locks'
const VERSIONS = 'lock_versions'

/** The resource's total, without what has expired and what the flow itself holds. */
export async function getLockedAmount(
  context: MongoContext,
  resourceId: string,
  excludeDfid: string | null,
): Promise<Micros> {
  const expired = { expiresAt: { $type: 'string' }, $expr: { $lte: ['$expiresAt', SERVER_NOW] } } as const
  // not $unionWith, which no transaction takes
  const listed = (as: string, filter: object): object => ({
    $lookup: {
      from: context.collection(NAME).collectionName,
      pipeline: [
        { $match: { '_id.resourceId': resourceId, ...filter } },
        { $group: { _id: null, micros: { $sum: '$micros' } } },
      ],
      as,
    },
  })
  const [sum] = await context
    .collection(VERSIONS)
    .aggregate<{ total: Micros }>(
      [
        { $match: { _id: resource(resourceId) } },
        listed('expired', expired),
        ...(excludeDfid === null ? [] : [listed('own', { '_id.dfid': excludeDfid, $nor: [expired] })]),
        {
          $project: {
            total: {
              $subtract: ['$total', { $add: [{ $sum: '$expired.micros' }, { $sum: '$own.micros' }] }],
            },
          },
        },
      ],
      context.ofOneMoment,
    )
    .toArray()
  if (sum !== undefined) return sum.total
  return sumOfLive(context, resourceId, excludeDfid)
}

/** Without its total, which is not kept as long as nothing is held, and which a restore by collection may leave out. */
async function sumOfLive(
  context: MongoContext,
  resourceId: string,
  excludeDfid: string | null,
): Promise<Micros> {
  const filter: Filter<HoldDocument> = {
    '_id.resourceId': resourceId,
    ...(excludeDfid === null ? {} : { '_id.dfid': { $ne: excludeDfid } }),
    ...LIVE,
  }
  const [sum] = await context
    .collection(NAME)
    .aggregate<{ total: Micros }>(
      [{ $match: filter }, { $group: { _id: null, total: { $sum: '$micros' } } }],
      context.ofOneMoment,
    )
    .toArray()
  return sum?.total ?? 0
}
