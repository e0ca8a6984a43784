import { dumpsJsonDict, type StorageHandle } from '@dir/storage-core'

/** One call, or a pair of calls, of one of so many callers: the `turn`th of them all. */
export type Act = (turn: number, caller: number) => Promise<unknown>

/** What is measured; each side does the same work and is as durable. */
export const WORKLOADS = [
  'record',
  'set',
  'increment',
  'claim+complete',
  'transition',
  'acquire+release',
  'atomically',
] as const

export type Side = { readonly [W in (typeof WORKLOADS)[number]]: Act }

export const DETAILS = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }
export const RESULT = { order: 'x'.repeat(180), filled: true }
/** As both sides store them. */
export const detailsJson: () => string = () => dumpsJsonDict(DETAILS)
export const resultJson: () => string = () => dumpsJsonDict(RESULT)

const RESOURCES = 100
export const CAPACITY = 1_000_000

export const flowOf = (caller: number): string => `flow-${caller}`
export const keyOf = (turn: number): string => `key-${turn % 5_000}`
export const resourceOf = (turn: number): string => `resource-${turn % RESOURCES}`

let claims = 0
/** A claim that nobody made before. */
export const freshKey = (): string => `claim-${process.pid}-${claims++}`

/** Our side, the same on every backend. */
export function oursOf(storage: StorageHandle): Side {
  const { decisionAudit, idempotency, intentRetry, lifecycle, resourceLock } = storage
  return {
    record: (_, caller) => decisionAudit.record(flowOf(caller), 'DECIDED', { stepId: 's', details: DETAILS }),
    set: (turn) => idempotency.set(keyOf(turn), RESULT),
    increment: (turn) => intentRetry.increment(keyOf(turn)),
    'claim+complete': async () => {
      const key = freshKey()
      const claim = await idempotency.claim(key, { leaseSec: 60 })
      if (claim.state === 'started') await idempotency.complete(key, claim.token, RESULT)
    },
    transition: (_, caller) => lifecycle.recordTransition(flowOf(caller), null, 'OPEN'),
    'acquire+release': async (turn, caller) => {
      const resource = resourceOf(turn)
      await resourceLock.acquire(flowOf(caller), { [resource]: 1 }, 5, {
        capacities: { [resource]: CAPACITY },
      })
      await resourceLock.release(flowOf(caller))
    },
    atomically: (_, caller) =>
      storage.atomically((batch) => {
        batch.lifecycle.recordTransition(flowOf(caller), null, 'OPEN')
        batch.decisionAudit.record(flowOf(caller), 'DECIDED', { stepId: 's', details: DETAILS })
        batch.intentRetry.setCount(flowOf(caller), 3)
      }),
  }
}
