import type { HoldRow } from '../protocols/resource-lock.ts'
import { compareIds } from '../rules/validate.ts'

/** The order of `getHolds`: by fence, dfid and resource. */
export function compareHolds(one: HoldRow, other: HoldRow): number {
  return (
    one.fence - other.fence ||
    compareIds(one.dfid, other.dfid) ||
    compareIds(one.resourceId, other.resourceId)
  )
}
