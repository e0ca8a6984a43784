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
  const except = (filter: object): object => ({
    $unionWith: {
      coll: context.collection(NAME).collectionName,
      pipeline: [
        { $match: { '_id.resourceId': resourceId, ...filter } },
        { $group: { _id: null, micros: { $sum: { $multiply: ['$micros', -1] } } } },
      ],
    },
  })
  const own = { '_id.dfid': excludeDfid, $nor: [expired] }
  const [sum] = await context
    .collection(VERSIONS)
    .aggregate<{ total: Micros; isKnown: boolean }>(
      [
        { $match: { _id: resource(resourceId) } },
        { $project: { micros: '$total', isKnown: { $literal: true } } },
        except(expired),
        ...(excludeDfid === null ? [] : [except(own)]),
        { $group: { _id: null, total: { $sum: '$micros' }, isKnown: { $max: '$isKnown' } } },
      ],
      context.ofOneMoment,
    )
    .toArray()
  if (sum?.isKnown === true) return sum.total
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
