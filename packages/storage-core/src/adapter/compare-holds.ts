import type { HoldRow } from '../protocols/holds.ts'
import { compareIds } from '../rules/validate.ts'

type Place = Pick<HoldRow, 'fence' | 'dfid' | 'resourceId'>

/** The order of `getHolds`: by fence, dfid and resource. */
export function compareHolds(one: Place, other: Place): number {
  return (
    one.fence - other.fence ||
    compareIds(one.dfid, other.dfid) ||
    compareIds(one.resourceId, other.resourceId)
  )
}
