import type { Outcome, StorageError } from '@dir/storage-core'
import { NoAnswerError, UnreachableError, isReply, isUnsent, mapError } from './errors.ts'
import { meaningOf } from './replies.ts'

const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 200
/** How often a reply that is not the server's own is asked for anew: more than that, and the error is there to stay. */
const MOST_ODD_REPLIES = 3

/** The one place that decides whether something is sent again, and what is known of it if not. */
export class Attempts {
  readonly #start: number = performance.now()
  readonly #deadline: number
  /** Until when it is worth while to send again what was refused: who waits has to be told of the refusal in time. */
  readonly #patience: number
  #count = 0
  #oddReplies = 0
  #inDoubt = false
  #refusal: unknown
  #unanswered: number

  /** `most`: how many sendings may end without an answer. */
  constructor(deadline: number, most = Infinity) {
    this.#deadline = deadline
    this.#unanswered = most
    this.#patience = this.#start + (deadline - this.#start) * 0.9
  }

  /** Until when a connection for the next sending may take. */
  get nextBy(): number {
    return this.#inDoubt ? this.#deadline : this.#patience
  }

  /** One of the sendings may have been carried out; a refusal of a later one says nothing of that. */
  get inDoubt(): boolean {
    return this.#inDoubt
  }

  /** Takes note of how a sending failed. @returns whether to send again. */
  again(error: unknown): boolean {
    this.#count++
    const meaning = isReply(error) ? meaningOf((error as Error).message) : undefined
    const carriedOut = !isUnsent(error) && meaning?.nothingRan !== true
    if (carriedOut) {
      this.#inDoubt = true
      this.#unanswered--
    }
    if (meaning?.passes === true) this.#refusal = error
    if (performance.now() >= this.nextBy || (error instanceof UnreachableError && error.isFinal)) return false
    if (meaning !== undefined) return meaning.passes
    if (this.#unanswered <= 0) return false
    // the server, which knows what it carried out, is asked anew where the reply was not its own
    return !isReply(error) || this.#oddReplies++ < MOST_ODD_REPLIES
  }

  /** How long to wait before the next sending: a client has to learn of a lost connection, and others have to get on. */
  get pauseMs(): number {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#count, 10))
    return Math.max(0, Math.min(pause, this.nextBy - performance.now()))
  }

  /** The last failure as an error of the contract; `outcome` is what is known of what may have been carried out. */
  failure(error: unknown, outcome: Outcome): StorageError {
    return mapError(this.#reasonOf(error), this.#inDoubt ? outcome : 'not-applied', this.#inDoubt)
  }

  /** That no connection came about in the end says less than what came before. */
  #reasonOf(error: unknown): unknown {
    if (!(error instanceof UnreachableError) || error.isFinal) return error
    if (this.#refusal !== undefined) return this.#refusal
    return this.#inDoubt ? new NoAnswerError(performance.now() - this.#start) : error
  }
}
