import type { Scenario } from '../scenario.ts'
import { scenarios as longLists } from './long-lists.ts'
import { scenarios as longCalls } from './long-calls.ts'
import { scenarios as largeNumbers } from './large-numbers.ts'
import { scenarios as exactTexts } from './exact-texts.ts'
import { scenarios as durations } from './durations.ts'
import { scenarios as durationsEnd } from './durations-end.ts'
import { scenarios as insertionOrder } from './insertion-order.ts'
import { scenarios as zeroAndAbsence } from './zero-and-absence.ts'
import { scenarios as wholeRecords } from './whole-records.ts'
import { scenarios as expiredHolds } from './expired-holds.ts'
import { scenarios as namespaces } from './namespaces.ts'
import { scenarios as manyCallers } from './many-callers.ts'
import { scenarios as onlyOneRecord } from './only-one-record.ts'
import { scenarios as times } from './times.ts'
import { scenarios as iterators } from './iterators.ts'
import { scenarios as farTimes } from './far-times.ts'
import { scenarios as longListsWritten } from './long-lists-written.ts'
import { scenarios as durationsMoment } from './durations-moment.ts'
import { scenarios as replacements } from './replacements.ts'

/** Scenarios that look for one kind of fault in every protocol. */
export const scenarios: readonly Scenario[] = [
  ...longLists,
  ...longListsWritten,
  ...longCalls,
  ...largeNumbers,
  ...exactTexts,
  ...durations,
  ...durationsEnd,
  ...durationsMoment,
  ...insertionOrder,
  ...zeroAndAbsence,
  ...wholeRecords,
  ...expiredHolds,
  ...namespaces,
  ...manyCallers,
  ...onlyOneRecord,
  ...times,
  ...iterators,
  ...farTimes,
  ...replacements,
]
