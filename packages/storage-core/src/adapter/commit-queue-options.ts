import type { Work } from './call.ts'
import type { WorkResult } from './queued-work.ts'
import type { TraceSource } from './messages.ts'

/**
 * Called right before something is sent by which these works may be applied; until then they are not, and those whose time
 * is over are told so. False: that is so of one of them, and none of them may be sent.
 */
export type Sending = (works: readonly Work[]) => boolean

export interface CommitQueueOptions {
  /**
   * Carries out the works, one after the other, and commits what comes of them in one step; what one is refused for
   * touches no other. Resolves once every outcome is known, with one result for each work, in order. Where it rejects,
   * those that were sent are rejected with that error, and the others go into the next commit; all are where none was sent.
   * What is written without a call of `sending` before is answered with an `InternalError`. Called again only when the call
   * before has settled.
   */
  readonly commit: (works: readonly Work[], sending: Sending) => Promise<readonly WorkResult[]>
  /**
   * Resolves when a commit can be sent; undefined: at once. Asked only while something waits for it, which is not sent,
   * and so not applied. Where it rejects, all that waits is rejected with that error.
   */
  readonly ready?: () => Promise<void> | undefined
  /** Begin the next commit before the answers of one are handed on, so that the store works while the callers do. */
  readonly overlap?: boolean
  /**
   * What can be done for work before its commit; called once for each, while another commit is under way if there is one.
   * Answers how much of `mostWeight` the work takes.
   */
  readonly prepare?: (work: Work) => number
  /** How much the works of one commit take together; what takes more has a commit of its own. Default: any. */
  readonly mostWeight?: number
  /** How many works go into one commit; default 128. */
  readonly mostWorks?: number
  /** A commit takes no more works once they come to so many bytes; default 1 MiB. */
  readonly mostBytes?: number
  /** Work of more bytes has a commit of its own. */
  readonly aloneBytes?: number
  /** Work with less time left is not sent any more: its outcome might not be known by its deadline. Default 0. */
  readonly leastMs?: number
  /** The longest pause before blocked work is tried again; default 8. */
  readonly mostPauseMs?: number
  /** How much may wait at once; default 10 000 works and 64 MiB. */
  readonly maxEntries?: number
  readonly maxBytes?: number
  /** Whose commits these are, to those who listen to them: the driver itself will do. */
  readonly source?: TraceSource
}
