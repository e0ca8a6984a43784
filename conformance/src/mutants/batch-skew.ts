import type { Batch, StorageHandle } from '@dir/storage-core'
import { KEPT_CONDITIONS } from '../scenarios/kept-conditions.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'

type Args = readonly never[]

/** A condition that is judged by a read, and what is left of it for the commit. */
interface Judged {
  readonly path: readonly string[]
  readonly holds: (storage: StorageHandle, ...args: Args) => Promise<boolean>
  readonly rest?: (batch: Batch, ...args: Args) => void
}

const JUDGED: Readonly<Record<string, Judged>> = {
  expectStatus: {
    path: ['expectStatus'],
    holds: async ({ lifecycle }, dfid, status) => (await lifecycle.getCurrentStatus(dfid)) === status,
  },
  'expectSession-of-none': {
    path: ['expectSession'],
    holds: async ({ context }, dfid, expected) => (await context.getSession(dfid)) === expected,
  },
  transition: {
    path: ['lifecycle', 'transition'],
    holds: async ({ lifecycle }, dfid, from) => (await lifecycle.getCurrentStatus(dfid)) === from,
    rest: ({ lifecycle }, dfid, from, to) => lifecycle.recordTransition(dfid, from, to),
  },
  compareAndSetState: {
    path: ['context', 'compareAndSetState'],
    holds: async ({ context }, id, expected) => (await context.getState(id)) === expected,
    rest: ({ context }, id, _, json) => context.setState(id, json),
  },
  renewClaim: {
    path: ['idempotency', 'renewClaim'],
    holds: async ({ idempotency }, key) => (await idempotency.get(key)) === null,
  },
  complete: {
    path: ['idempotency', 'complete'],
    holds: async ({ idempotency }, key) => (await idempotency.get(key)) === null,
    rest: ({ idempotency }, key, _, result) => idempotency.set(key, result),
  },
  resolveRequest: {
    path: ['escalation', 'resolveRequest'],
    holds: async ({ escalation }, dfid) =>
      (await escalation.getPendingRequests()).some((request) => request.dfid === dfid),
  },
  renew: {
    path: ['resourceLock', 'renew'],
    holds: async ({ resourceLock }, dfid) => (await resourceLock.getHolds({ dfid })).length > 0,
  },
  acquire: {
    path: ['resourceLock', 'acquire'],
    holds: async ({ resourceLock }, dfid, resources) => {
      const [id = ''] = Object.keys(resources)
      return (await resourceLock.getLockedAmount(id, dfid)) === 0
    },
    rest: ({ resourceLock }, dfid, resources, wait) => resourceLock.acquireBatch(dfid, resources, wait),
  },
}

/** Hands every call of one condition to `take` instead of the batch. */
function taking(batch: Batch, { path }: Judged, take: (args: Args) => void): Batch {
  const [protocol, method] = path as [keyof Batch, string | undefined]
  const caught = (...args: Args): void => take(args)
  return method === undefined
    ? { ...batch, [protocol]: caught }
    : { ...batch, [protocol]: { ...(batch[protocol] as object), [method]: caught } }
}

const judgedApart = ({ holds, rest, ...judged }: Judged): Mutant['wrap'] =>
  over((sound) => ({
    async atomically(record) {
      const conditions: Args[] = []
      try {
        // what the callback records of this condition is only known by calling it; this batch holds nothing
        await sound.atomically((batch) => {
          record(taking(blank(batch), { holds, ...judged }, (args) => void conditions.push(args)))
        })
      } catch {
        return sound.atomically(record)
      }
      const seen = await Promise.all(conditions.map((args) => holds(sound, ...args).catch(() => false)))
      if (seen.length === 0 || seen.includes(false)) return sound.atomically(record)
      await pause()
      return sound.atomically((batch) => {
        record(taking(batch, { holds, ...judged }, (args) => rest?.(batch, ...args)))
      })
    },
  }))

/** A batch that takes every call and keeps none. */
function blank(batch: Batch): Batch {
  const silent = (target: object): object =>
    Object.fromEntries(
      Object.entries(target).map(([name, member]) => [
        name,
        typeof member === 'function' ? () => {} : silent(member as object),
      ]),
    )
  return silent(batch) as Batch
}

export const batchSkewMutants: readonly Mutant[] = Object.entries(JUDGED).map(([words, judged]) => {
  const kind = KEPT_CONDITIONS.find((one) => one.words === words)
  if (kind === undefined) throw new Error(`There is no condition ${words}.`)
  return {
    id: `batch-judges-${words}-apart`,
    breaks: `${words} of a batch is judged by a read, and may be false when the batch commits`,
    from: 'write skew: SELECT without FOR UPDATE, snapshot isolation, a WATCH too few',
    killedBy: `races/${words}-is-kept-until-the-commit`,
    wrap: judgedApart(judged),
    async witness(storage) {
      for (let tries = 0; tries < 30; tries++) {
        const id = `w ${tries}`
        const known = await kind.prepare(storage, id)
        const batch = storage.atomically((recorder) => {
          kind.judge(recorder, id, known, 1)
          recorder.context.setState(`${id} mark`, '1')
        })
        const outcome = batch.then(
          () => true,
          () => false,
        )
        await new Promise(setImmediate)
        await kind.spoil(storage, id, known)
        const early = (await storage.context.getState(`${id} mark`)) !== null
        if ((await outcome) && !early) return true
      }
      return false
    },
  }
})
