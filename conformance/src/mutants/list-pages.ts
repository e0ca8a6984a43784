import type { Protocol, StorageHandle } from '@dir/storage-core'
import { range } from '../scenarios/kit.ts'
import { anAgent } from '../scenarios/samples.ts'
import { same } from '../same.ts'
import { type List, isFilter, listing } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { REQUEST } from './samples.ts'

/** A list that is read in pages, for the faults that any such list may have. */
interface Paged {
  /** With which the ids of its mutants begin. */
  readonly name: string
  readonly protocol: Protocol
  readonly method: string
  readonly killedBy: string
  readonly list: (storage: StorageHandle, filter?: object) => AsyncIterable<object>
  /** Puts so many in, in order, of which none but the last is taken by `rare`. */
  readonly fill: (storage: StorageHandle, count: number) => Promise<unknown>
  readonly rare: object
  /** Changes the last one. */
  readonly touch: (storage: StorageHandle) => Promise<unknown>
}

const padded = (n: number): string => String(n).padStart(4, '0')

/** By the members that have the filter's names. */
const fits = (item: object, filter: object): boolean =>
  Object.entries(filter).every(([name, value]) => value === undefined || Reflect.get(item, name) === value)

const LISTS: readonly Paged[] = [
  {
    name: 'list',
    protocol: 'escalation',
    method: 'listRequests',
    killedBy: 'escalation/the-list-goes-through-many-pages',
    list: ({ escalation }, filter) => escalation.listRequests(filter),
    async fill({ escalation }, count) {
      for (const n of range(count))
        await escalation.insertRequest({
          ...REQUEST,
          dfid: padded(n),
          agentId: n === count - 1 ? 'rare' : 'w',
        })
    },
    rare: { agentId: 'rare' },
    touch: ({ escalation }) => escalation.resolveRequest('1000', '2026-03-01', 'A', null),
  },
  {
    name: 'agents',
    protocol: 'agentRegistry',
    method: 'listAgents',
    killedBy: 'agent-registry/the-list-goes-through-many-pages',
    list: ({ agentRegistry }, filter) => agentRegistry.listAgents(filter),
    async fill({ agentRegistry }, count) {
      for (const n of range(count))
        await agentRegistry.upsertAgent(anAgent(padded(n), { status: n === count - 1 ? 'rare' : 'w' }))
    },
    rare: { status: 'rare' },
    touch: ({ agentRegistry }) => agentRegistry.updateStatus('1000', 'X', null),
  },
  {
    name: 'holds',
    protocol: 'resourceLock',
    method: 'listHolds',
    killedBy: 'resource-lock/the-list-goes-through-many-pages',
    list: ({ resourceLock }, filter) => resourceLock.listHolds(filter),
    async fill({ resourceLock }, count) {
      const amounts = Object.fromEntries(range(count - 1).map((n) => [padded(n), 1]))
      await resourceLock.acquireBatch('w', amounts, 5)
      await resourceLock.acquireBatch('rare', { r: 1 }, 5)
    },
    rare: { dfid: 'rare' },
    touch: ({ resourceLock }) => resourceLock.acquireBatch('rare', { r: 2 }, 5),
  },
  {
    name: 'claims',
    protocol: 'idempotency',
    method: 'listClaims',
    killedBy: 'idempotency/the-list-goes-through-many-pages',
    list: ({ idempotency }, filter) => idempotency.listClaims(filter),
    async fill({ idempotency }, count) {
      for (const n of range(count - 1)) await idempotency.claim(padded(n), { leaseSec: 600, dfid: 'w' })
      await new Promise((resolve) => setTimeout(resolve, 5))
      await idempotency.claim('rare', { leaseSec: 600, dfid: 'rare' })
    },
    rare: { dfid: 'rare' },
    touch: ({ idempotency }) => idempotency.set('rare', {}),
  },
  {
    name: 'marks',
    protocol: 'saga',
    method: 'listDirtyFlows',
    killedBy: 'saga/the-list-goes-through-many-pages',
    list: ({ saga }, filter) => saga.listDirtyFlows(filter),
    async fill({ saga }, count) {
      for (const n of range(count)) await saga.markDirty(padded(n), 'step', '{}')
    },
    rare: {},
    touch: ({ saga }) => saga.markDirty('1000', 'again', '{}'),
  },
  {
    name: 'flows',
    protocol: 'lifecycle',
    method: 'listFlows',
    killedBy: 'lifecycle/the-list-goes-through-many-pages',
    list: ({ lifecycle }, filter) => lifecycle.listFlows(filter),
    async fill({ lifecycle }, count) {
      for (const n of range(count))
        await lifecycle.recordTransition(padded(n), null, n === count - 1 ? 'rare' : 'w')
    },
    rare: { status: 'rare' },
    touch: ({ lifecycle }) => lifecycle.recordTransition('1000', null, 'X'),
  },
]

const mutantsOf = (paged: Paged): readonly Mutant[] => {
  const { name, protocol, method, killedBy, list, fill, rare, touch } = paged
  const wrap = (change: (sound: List<object, object>) => List<object, object>) =>
    listing(protocol, method, change)
  const count = async (storage: StorageHandle, filter?: object): Promise<number> =>
    (await Array.fromAsync(list(storage, filter))).length
  const onePage: Mutant = {
    id: `${name}-of-one-page`,
    breaks: `${method} gives no more than five hundred`,
    from: 'a LIMIT that nobody reached in the tests',
    killedBy,
    wrap: wrap(
      (sound) =>
        async function* (filter) {
          let left = 500
          for await (const item of sound(filter)) if (left-- > 0) yield item
        },
    ),
    async witness(storage) {
      await fill(storage, 501)
      return (await count(storage)) === 500
    },
  }
  const asItWas: Mutant = {
    id: `${name}-as-it-was`,
    breaks: `${method} shows everything as it was when it began`,
    from: 'a cursor on a snapshot',
    killedBy: /escalation|lifecycle/.test(killedBy)
      ? `${protocol}/the-list-sees-what-is-there-when-it-gets-there`
      : killedBy,
    wrap: wrap(
      (sound) =>
        async function* (filter) {
          yield* await Array.fromAsync(sound(filter))
        },
    ),
    async witness(storage) {
      await fill(storage, 1_001)
      const before = (await Array.fromAsync(list(storage))).at(-1)
      const seen: object[] = []
      for await (const item of list(storage)) if (seen.push(item) === 1) await touch(storage)
      return same(seen.at(-1), before)
    },
  }
  const endsEmpty: Mutant = {
    id: `${name}-end${name === 'list' ? 's' : ''}-where-nothing-fits`,
    breaks: `${method} ends at the first page of which nothing fits`,
    from: 'an empty page that is taken for the last',
    killedBy,
    wrap: wrap(
      (sound) =>
        async function* (filter) {
          if (!isFilter(filter) || !Object.keys(rare).some((key) => Reflect.get(filter, key) !== undefined))
            return yield* sound(filter)
          await sound(filter)[Symbol.asyncIterator]().next() // refuses what is malformed
          const all = await Array.fromAsync(sound())
          for (let at = 0; at < all.length; at += 500) {
            const page = all.slice(at, at + 500).filter((item) => fits(item, filter))
            if (page.length === 0) return
            yield* page
          }
        },
    ),
    async witness(storage) {
      await fill(storage, 501)
      return (await count(storage, rare)) === 0
    },
  }
  return Object.keys(rare).length === 0 ? [onePage, asItWas] : [onePage, asItWas, endsEmpty]
}

export const listPageMutants: readonly Mutant[] = LISTS.flatMap(mutantsOf)
