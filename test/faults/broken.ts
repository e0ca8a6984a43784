// Handles that break their promises, each in one way, so that it can be seen that each way is found out.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Batch,
  type StorageHandle,
  TimeoutError,
  UnavailableError,
  isStorageError,
} from '@dir/storage-core'
import type { BreachName } from './judge.ts'
import { WRITES } from './writes/index.ts'

type Act = () => Promise<unknown>

export interface Broken {
  /** What must be found. */
  readonly breach: BreachName
  /** Breaks the writes of a sound handle. */
  readonly broken: (sound: StorageHandle) => StorageHandle
}

/** As long as ten milliseconds so many times take: lateness is told by the turns of the event loop, which may be slow. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await sleep(10)
}

const isUnknown = (error: unknown): boolean => isStorageError(error) && error.outcome === 'unknown'
const denied = (): Error => new TimeoutError(0, 'answer', { outcome: 'not-applied' })

/** A handle whose writes are made by `around`. */
function around(make: () => (act: Act) => Promise<unknown>): Broken['broken'] {
  return (sound) => {
    const wrap = make()
    const protocols = new Map<string, object>()
    const names = new Set(WRITES.map(({ name }) => name))
    const wrapped = (protocol: string, target: object): object =>
      new Proxy(target, {
        get(own, key) {
          const method: unknown = Reflect.get(own, key)
          if (typeof method !== 'function') return method
          const act = (...args: unknown[]): Promise<unknown> =>
            Promise.resolve(Reflect.apply(method, own, args) as unknown)
          return names.has(`${protocol}.${String(key)}`)
            ? (...args: unknown[]) => wrap(() => act(...args))
            : act
        },
      })
    for (const protocol of new Set(WRITES.map(({ name }) => name.replace(/\..*/, ''))))
      protocols.set(protocol, wrapped(protocol, sound[protocol as 'saga']))
    return changed(sound, {
      ...Object.fromEntries(protocols),
      atomically: (record: (batch: Batch) => void) => wrap(() => sound.atomically(record)),
    })
  }
}

function changed(sound: StorageHandle, changes: object): StorageHandle {
  return new Proxy(sound, {
    get: (own, key) => Reflect.get(changes, key) ?? (Reflect.get(own, key) as unknown),
  })
}

/** What `act` rejects with, if it is not known whether it happened, becomes what `instead` makes of it. */
const afterUnknown =
  (instead: (act: Act, error: unknown) => unknown) =>
  async (act: Act): Promise<unknown> => {
    try {
      return await act()
    } catch (error) {
      if (!isUnknown(error)) throw error
      return instead(act, error)
    }
  }

const raise = (error: unknown): never => {
  throw error
}

export const BROKEN: Readonly<Record<string, Broken>> = {
  'a write that may have happened is told not to be applied': {
    breach: 'untrue',
    broken: around(() => afterUnknown(() => raise(denied()))),
  },
  'a write that may not have happened is acknowledged': {
    breach: 'lost',
    broken: around(() => afterUnknown(() => undefined)),
  },
  'a write that may have happened is made again': {
    breach: 'torn',
    broken: around(() => afterUnknown((act) => act())),
  },
  'a write settles after its deadline': {
    breach: 'late',
    broken: around(() => afterUnknown((_, error) => turns(60).then(() => raise(error)))),
  },
  'a write is made again behind the back of its caller, who was told that it is not applied': {
    breach: 'appears',
    broken: around(() =>
      afterUnknown((act) => {
        void sleep(700)
          .then(act)
          .catch(() => {})
        return raise(denied())
      }),
    ),
  },
  'a write is made again behind the back of its caller, after the next one': {
    breach: 'undone',
    broken: around(() =>
      afterUnknown((act, error) => {
        void sleep(700)
          .then(act)
          .catch(() => {})
        return raise(error)
      }),
    ),
  },
  'a write of unknown outcome is said to be retryable': {
    breach: 'retryable',
    broken: around(() =>
      afterUnknown(() => raise(new TimeoutError(0, 'answer', { outcome: 'unknown', retryable: true }))),
    ),
  },
  "a driver's error is passed on as it is": {
    breach: 'unmapped',
    broken: around(() => afterUnknown(() => raise(new Error('ECONNRESET')))),
  },
  'a write is told an answer of another': {
    breach: 'wrong answer',
    broken: around(() => async (act) => {
      const answer = await act()
      return typeof answer === 'number' ? answer + 1 : answer
    }),
  },
  'after a lost reply the handle writes no more': {
    breach: 'stuck',
    broken: around(() => {
      let isDead = false
      const guarded = afterUnknown((_, error) => {
        isDead = true
        return raise(error)
      })
      return (act) => (isDead ? Promise.reject(new UnavailableError('It is dead.', 'a lie')) : guarded(act))
    }),
  },
}

/** `atomically` makes its writes one after another, as far as they go. */
export const oneByOne: Broken = {
  breach: 'torn',
  broken: (sound) =>
    changed(sound, {
      async atomically(record: (batch: Batch) => void) {
        const acts: Act[] = []
        record(recorder(sound, acts))
        const answers: unknown[] = []
        let failure: unknown
        for (const act of acts) answers.push(await act().catch((error: unknown) => (failure = error)))
        return failure === undefined ? answers : raise(failure)
      },
    }),
}

function recorder(sound: StorageHandle, acts: Act[]): Batch {
  const protocol = (target: object): object =>
    new Proxy(target, {
      get:
        (own, key) =>
        (...args: unknown[]) => {
          acts.push(() => Reflect.apply(Reflect.get(own, key) as () => Promise<unknown>, own, args))
        },
    })
  return new Proxy(sound, {
    get: (own, key) => protocol(Reflect.get(own, key) as object),
  }) as unknown as Batch
}
