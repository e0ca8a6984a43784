import type { IdempotencyStorage } from '../protocols/idempotency.ts'
import { MAX_TIMER_MS } from '../adapter/deadline.ts'
import { endedByOthers, notStored } from './run-once-errors.ts'

/** A claim that this process has. */
export interface OwnClaim {
  readonly idempotency: IdempotencyStorage
  readonly key: string
  readonly token: string
  readonly leaseSec: number
  /** By the host's clock, for people. */
  readonly since: string
  /** When it was asked for, on the clock of `performance.now()`: its lease ends so long after that, or later. */
  readonly asked: number
}

/** When in a lease it is renewed, and how soon after a failure that is tried again, as parts of the lease. */
const RENEW_AFTER = 1 / 3
const TRY_AGAIN_AFTER = 1 / 30

/** Renews a claim until it is told to stop, and aborts `signal` where the claim is lost. Keeps no process alive. */
export class ClaimKeeper {
  readonly #claim: OwnClaim
  readonly #leaseMs: number
  readonly #lost = new AbortController()
  #until: number
  #renewal: NodeJS.Timeout | undefined
  #end: NodeJS.Timeout | undefined
  #isDone = false

  constructor(claim: OwnClaim) {
    this.#claim = claim
    this.#leaseMs = claim.leaseSec * 1000
    this.#until = claim.asked + this.#leaseMs
    this.#renewAt(claim.asked + this.#leaseMs * RENEW_AFTER)
    this.#loseAtEnd(undefined)
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  stop(): void {
    this.#isDone = true
    clearTimeout(this.#renewal)
    clearTimeout(this.#end)
  }

  #renewAt(moment: number): void {
    this.#renewal = timer(moment, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { idempotency, key, token, leaseSec } = this.#claim
    const asked = performance.now()
    try {
      const isOurs = await idempotency.renewClaim(key, token, leaseSec)
      if (this.#isDone) return
      if (!isOurs) return this.#lose(endedByOthers('runs'))
      this.#until = asked + this.#leaseMs
      this.#renewAt(asked + this.#leaseMs * RENEW_AFTER)
      this.#loseAtEnd(undefined)
    } catch (cause) {
      // whether it may pass is not asked: until the lease is over there is nothing better to do
      if (this.#isDone) return
      this.#renewAt(performance.now() + this.#leaseMs * TRY_AGAIN_AFTER)
      this.#loseAtEnd(cause)
    }
  }

  /** What has run out others call ambiguous, and may end. */
  #loseAtEnd(cause: unknown): void {
    clearTimeout(this.#end)
    this.#end = timer(this.#until, () => {
      if (performance.now() < this.#until) this.#loseAtEnd(cause)
      else this.#lose(notStored(this.#claim.since, this.#claim.token, cause))
    })
  }

  #lose(reason: Error): void {
    this.stop()
    this.#lost.abort(reason)
  }
}

function timer(moment: number, act: () => void): NodeJS.Timeout {
  const waitMs = Math.min(MAX_TIMER_MS, Math.max(0, moment - performance.now()))
  return setTimeout(act, waitMs).unref()
}
