// The kinds of writes that are under way when a server is killed, and what must be there of them afterwards.
import type { StorageHandle } from '@dir/storage-core'

/** What a survivor sees of the writes of one kind under one id. */
export interface Seen {
  /** The numbers of the writes that are there, in the order in which they happened. */
  readonly numbers: readonly number[]
  /** How many are there in part. */
  readonly torn: number
}

export interface Kind {
  /** How many writes of one id a process has under way at once; they are issued in the order of their numbers. */
  readonly lanes: number
  write(storage: StorageHandle, id: string, n: number): Promise<unknown>
  look(storage: StorageHandle, id: string, tried: readonly number[]): Promise<Seen>
  /** Its writes are counted, and cannot be told apart. */
  readonly counted?: true
}

const BATCH = 3
const ROOM = 1e9

const numberOf = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1))

function must(done: boolean): void {
  if (!done) throw new Error('A write whose condition holds was refused.')
}

const events: Kind = {
  lanes: 3,
  write: ({ decisionAudit }, id, n) => decisionAudit.record(id, `E/${n}`),
  async look({ decisionAudit }, id) {
    const found = await decisionAudit.eventsForDfid(id)
    return { numbers: found.map(({ event }) => numberOf(event)), torn: 0 }
  },
}

const batchesOfEvents: Kind = {
  lanes: 3,
  write({ decisionAudit }, id, n) {
    return decisionAudit.recordMany(Array.from({ length: BATCH }, () => ({ dfid: id, event: `E/${n}` })))
  },
  async look({ decisionAudit }, id) {
    const found = (await decisionAudit.eventsForDfid(id)).map(({ event }) => numberOf(event))
    const numbers = found.filter((n, index) => n !== found[index - 1])
    return { numbers, torn: numbers.filter((one) => found.filter((n) => n === one).length !== BATCH).length }
  },
}

const transitions: Kind = {
  lanes: 1,
  async write({ lifecycle }, id, n) {
    must(await lifecycle.transition(id, await lifecycle.getCurrentStatus(id), `S/${n}`))
  },
  async look({ lifecycle }, id) {
    const found = await lifecycle.getTransitions(id)
    const torn = found.filter(({ fromStatus }, index) => fromStatus !== (found[index - 1]?.toStatus ?? null))
    return { numbers: found.map(({ toStatus }) => numberOf(toStatus)), torn: torn.length }
  },
}

const increments: Kind = {
  lanes: 3,
  counted: true,
  write: ({ intentRetry }, id) => intentRetry.increment(id),
  async look({ intentRetry }, id) {
    const count = await intentRetry.getCount(id)
    return { numbers: Array.from({ length: count }, (_, n) => n + 1), torn: 0 }
  },
}

const acquires: Kind = {
  lanes: 2,
  async write({ resourceLock }, id, n) {
    const [one, other] = [`${id}/one`, `${id}/other`]
    const options = { capacities: { [one]: ROOM, [other]: ROOM } }
    must(await resourceLock.acquireBatch(`${id}/${n}`, { [one]: n, [other]: n }, 5, options))
  },
  async look({ resourceLock }, id) {
    const holdsOf = async (name: string): Promise<string[]> => {
      const holds = await resourceLock.getHolds({ resourceId: `${id}/${name}` })
      return holds.map(({ dfid, amount }) => `${numberOf(dfid)} ${amount}`)
    }
    const [ones, others] = [await holdsOf('one'), await holdsOf('other')]
    const numbers = ones.map((hold) => Number.parseInt(hold, 10)).sort((a, b) => a - b)
    const whole = numbers.filter((n) => [ones, others].every((holds) => holds.includes(`${n} ${n}`)))
    return { numbers, torn: new Set([...ones, ...others]).size - whole.length }
  },
}

const claims: Kind = {
  lanes: 2,
  async write({ idempotency }, id, n) {
    const claim = await idempotency.claim(`${id}/${n}`, { leaseSec: 600 })
    if (claim.state !== 'started') throw new Error('A new key is taken.')
    must(await idempotency.complete(`${id}/${n}`, claim.token, { n }))
  },
  async look({ idempotency }, id, tried) {
    const results = await Promise.all(
      tried.map(async (n) => [n, await idempotency.get(`${id}/${n}`)] as const),
    )
    const there = results.filter(([, result]) => result !== null)
    return {
      numbers: there.map(([n]) => n),
      torn: there.filter(([n, result]) => result?.['n'] !== n).length,
    }
  },
}

/** Four protocols at once; each write releases what the one before it acquired. */
const batches: Kind = {
  lanes: 1,
  write(storage, id, n) {
    const resource = `${id}/one`
    return storage.atomically((batch) => {
      batch.decisionAudit.record(id, `E/${n}`)
      batch.idempotency.set(`${id}/${n}`, { n })
      batch.resourceLock.acquire(`${id}/${n}`, { [resource]: n }, 5, { capacities: { [resource]: ROOM } })
      batch.resourceLock.release(`${id}/${n - 1}`)
    })
  },
  async look({ decisionAudit, idempotency, resourceLock }, id, tried) {
    const numbers = (await decisionAudit.eventsForDfid(id)).map(({ event }) => numberOf(event))
    const holds = await resourceLock.getHolds({ resourceId: `${id}/one` })
    const held = new Set(holds.map(({ dfid, amount }) => (numberOf(dfid) === amount ? amount : Number.NaN)))
    const wrong = await Promise.all(
      tried.map(async (n) => {
        const isThere = numbers.includes(n)
        const hasResult = (await idempotency.get(`${id}/${n}`)) !== null
        return hasResult !== isThere || held.has(n) !== (isThere && !numbers.includes(n + 1))
      }),
    )
    return { numbers, torn: wrong.filter(Boolean).length }
  },
}

export const KIND_NAMES = [
  'events',
  'batchesOfEvents',
  'transitions',
  'increments',
  'acquires',
  'claims',
  'batches',
] as const

export type KindName = (typeof KIND_NAMES)[number]

export const KINDS: Readonly<Record<KindName, Kind>> = {
  events,
  batchesOfEvents,
  transitions,
  increments,
  acquires,
  claims,
  batches,
}
