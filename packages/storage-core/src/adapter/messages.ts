// What handles and write queues tell those who listen; see "Tracing" in the README. Types that users see need none of Node's.
import type { Outcome, WaitPhase } from '../errors/index.ts'

/**
 * The names for `tracingChannel` of `node:diagnostics_channel`. Each has the five events that Node describes, and hands the
 * same message to all of them: what is not known yet in it is null.
 */
export const CHANNELS = {
  call: 'dir-storage:call',
  commit: 'dir-storage:commit',
  wait: 'dir-storage:wait',
} as const

/** What all messages have. */
export interface Message {
  /** The backend's name, such as `sqlite`. */
  readonly backend: string
  /** Where in its backend the store is, as the handle was told; null: it has none, as on SQLite. */
  readonly namespace: string | null
  /** How long it took, in milliseconds; null until it is over. */
  readonly elapsedMs: number | null
}

/** What those have of what may fail. */
export interface Fallible extends Message {
  /** The `code` of the error that it failed with, `OTHER` for an error that is none of this package's; null: none. */
  readonly code: string | null
  /** The `outcome` of that error. */
  readonly outcome: Outcome | null
}

/**
 * One call of a public method. A method that answers with an iterable is under way from the first item that is asked for
 * to the last, or until nobody asks any more, the time of whoever goes through them included.
 */
export interface CallMessage extends Fallible {
  /** The bundle member, such as `resourceLock`; empty for calls on the handle itself. */
  readonly protocol: string
  readonly method: string
  /** How many operations a batch recorded, known from `end` on; null: no batch. */
  readonly operations: number | null
  /** How often a write was sent to the store, or was about to be; null where the backend does not tell, and of reads. */
  readonly attempts: number | null
  /** How many items an iterable has given so far; null: no iterable. */
  readonly records: number | null
  /** The ids that it named, where its handle was made with `traceIds`; else null. */
  readonly ids: readonly string[] | null
}

/** One commit of a handle's write queue: what its callers asked for at about the same time. */
export interface CommitMessage extends Fallible {
  /** How many calls and batches it carries out, … */
  readonly works: number
  /** … how many operations they come to, … */
  readonly operations: number
  /** … and about how many bytes they take in memory. */
  readonly bytes: number
  /** The messages of those calls, the same objects as on the channel `call`; of calls that nobody listened to there, none. */
  readonly calls: readonly CallMessage[]
  /** How many of the works are written, … */
  readonly written: number
  /** … were refused, as there was no room or a condition was false, … */
  readonly refused: number
  /** … wait for another holder's exclusive access, … */
  readonly blocked: number
  /** … go into the next commit for no reason of their own, … */
  readonly again: number
  /** … or failed. */
  readonly failed: number
}

/** The time for which a write of a handle waits before it goes into a commit. */
export interface WaitMessage extends Message {
  /** Of a batch, those of its first operation. */
  readonly protocol: string
  readonly method: string
  /** `queue`: its turn; `access`: records that somebody else had exclusively in the commit before. */
  readonly phase: Extract<WaitPhase, 'queue' | 'access'>
  /** The message of the call, the same object as on the channel `call`; null where nobody listened there. */
  readonly call: CallMessage | null
}

/** Whose commits a write queue makes. */
export interface TraceSource {
  readonly backend: string
  readonly namespace?: string | undefined
}

/** Those of a queue that was not told. */
export const NOBODY: TraceSource = { backend: '' }

/** A message to those who fill it in. */
export type Draft<M> = { -readonly [Field in keyof M]: M[Field] }
