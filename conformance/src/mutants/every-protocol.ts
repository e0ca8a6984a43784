import { PROTOCOLS, type Protocol, type StorageHandle } from '@dir/storage-core'
import { probeWith } from '../probe.ts'
import { kindsOf } from '../scenarios/record-kinds.ts'
import type { Mutant } from './mutant.ts'
import { type Changes, over } from './over.ts'

type Act = (...args: unknown[]) => Promise<unknown>

const methodsOf = (sound: StorageHandle, protocol: Protocol): Record<string, Act> =>
  sound[protocol] as unknown as Record<string, Act>

function folded(value: unknown): unknown {
  if (typeof value === 'string') return value.toLowerCase()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { dfid, agentId, capacities } = value as Record<string, unknown>
  return {
    ...value,
    ...(dfid === undefined ? {} : { dfid: folded(dfid) }),
    ...(agentId === undefined ? {} : { agentId: folded(agentId) }),
    ...(capacities === undefined ? {} : { capacities: foldedKeys(capacities) }),
  }
}

function foldedKeys(amounts: unknown): unknown {
  if (typeof amounts !== 'object' || amounts === null) return amounts
  return Object.fromEntries(Object.entries(amounts).map(([key, amount]) => [key.toLowerCase(), amount]))
}

/** Every method of a protocol, with the ids of its arguments in lower case. */
function folding(sound: StorageHandle, protocol: Protocol): Changes {
  const methods = methodsOf(sound, protocol)
  const changed = Object.keys(methods).map((name) => {
    const act: Act = (first, second, ...rest) => {
      const resources =
        protocol === 'resourceLock' && typeof second === 'object' ? foldedKeys(second) : second
      const given = [
        folded(first),
        resources,
        ...rest.map((one) => (typeof one === 'string' ? one : folded(one))),
      ]
      return (methods[name] as Act)(...given.slice(0, Math.max(1, rest.length + 2)))
    }
    return [name, act] as const
  })
  return { [protocol]: Object.fromEntries(changed) }
}

/** The writes that answer nothing, or nothing that the caller could not guess. */
const GUESSED: { readonly [P in Protocol]?: Readonly<Record<string, unknown>> } = {
  agentRegistry: { upsertAgent: undefined },
  context: { setSession: undefined, setState: undefined },
  idempotency: { set: undefined },
  saga: { markDirty: undefined, clearDirty: undefined },
  resourceLock: { acquireBatch: true },
  intentRetry: { setCount: undefined, delete: undefined },
  escalation: { recordBudgetToken: undefined, insertRequest: undefined },
  lifecycle: { recordTransition: undefined },
}

/** The writes of a protocol, answered before they are made. */
function early(sound: StorageHandle, protocol: Protocol): Changes {
  const changed = Object.entries(GUESSED[protocol] ?? {}).map(([name, answer]) => {
    const act: Act = (...args) => {
      // a refusal for want of room cannot be guessed
      if (args.length > 3) return methodsOf(sound, protocol)[name]?.(...args) ?? Promise.resolve()
      setImmediate(
        () =>
          void methodsOf(sound, protocol)
            [name]?.(...args)
            .catch(() => {}),
      )
      return Promise.resolve(answer)
    }
    return [name, act] as const
  })
  return { [protocol]: Object.fromEntries(changed) }
}

const folds = kindsOf(PROTOCOLS).map(({ protocol, name, ...kind }): Mutant => ({
  id: `${protocol}-folds-case`,
  breaks: `ids of ${protocol} that differ in case are one`,
  from: 'case-insensitive collations (keyv, MySQL)',
  killedBy: `${name}-is-found-by-its-exact-id`,
  wrap: over((sound) => folding(sound, protocol)),
  async witness(storage) {
    await probeWith(kind).write(storage, 'W')
    return probeWith(kind).seen(storage, 'w')
  },
}))

const earlies = kindsOf(Object.keys(GUESSED) as Protocol[]).map(({ protocol, name, ...kind }): Mutant => ({
  id: `${protocol}-acknowledges-early`,
  breaks: `writes of ${protocol} are acknowledged before they are made`,
  from: 'acknowledge before commit; fire and forget',
  killedBy: `${name}-is-seen-by-a-later-handle`,
  wrap: over((sound) => early(sound, protocol)),
  async witness(storage) {
    await probeWith(kind).write(storage, 'w')
    return !(await probeWith(kind).seen(storage, 'w'))
  },
}))

/** The same two faults in every protocol: each has code of its own in an adapter, and so each can have them. */
export const protocolMutants: readonly Mutant[] = [...folds, ...earlies]
