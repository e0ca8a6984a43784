import { type CloseOptions, type HandleOptions, PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import { LIMIT_MS, TimeLimitError } from './limits.ts'
import { traceHere } from './where.ts'

/** A call on a handle, and an error whose stack shows who made it. */
export interface WatchedCall {
  readonly name: string
  readonly trace: Error
}

/** Sees every call on the handles that it is given. */
export interface Watch {
  /** The same handle; its methods answer with the very promises of the backend. */
  handle(handle: StorageHandle, options?: HandleOptions): StorageHandle
  /** Rejects when a call has taken longer than it may, and names it. */
  readonly overdue: Promise<never>
  /** The call that an error came from, or the one made last. */
  callOf(error: unknown): WatchedCall | undefined
  /** What is still unanswered, as one reads it. */
  pending(): string
  end(): void
}

interface Pending extends WatchedCall {
  leftMs: number
}

const TICK_MS = 500
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const FOLLOWED = 'decisionAudit.events({ follow })'

/** What the steps of an iterable are called. */
function stepsOf(name: string, [filter]: readonly unknown[]): string {
  const { follow } = (filter ?? {}) as { readonly follow?: unknown }
  return name === 'decisionAudit.events' && follow === true ? FOLLOWED : name
}

/** A call may wait for a lock as long as it says, closing for effects; what goes through a store, or follows it, has no end. */
function waitOf(name: string, args: readonly unknown[], operationTimeoutMs: number): number {
  if (name.startsWith('importRecords') || name === 'prune' || name === FOLLOWED) return Infinity
  if (name === 'close') return operationTimeoutMs + ((args[0] as CloseOptions | undefined)?.drainMs ?? 5_000)
  const waitSec = name.startsWith('resourceLock.acquire') && typeof args[2] === 'number' ? args[2] : 0
  return operationTimeoutMs + waitSec * 1_000
}

/** @param limitMs what a method may take beyond its own deadline, which is `deadlineMs` unless its handle has another. */
export function createWatch(limitMs: number = LIMIT_MS.method, deadlineMs = 5_000): Watch {
  const pending = new Set<Pending>()
  const failed = new WeakMap<object, WatchedCall>()
  const overdue = Promise.withResolvers<never>()
  overdue.promise.catch(() => {}) // mostly nothing is
  let latest: WatchedCall | undefined

  // Time is counted in ticks of this process, so that one that was stopped blames nobody.
  const clock = setInterval(() => {
    for (const call of pending) {
      call.leftMs -= TICK_MS
      if (call.leftMs > 0) continue
      const late = new TimeLimitError(`${call.name} has not settled, long after its deadline.`)
      failed.set(late, call)
      overdue.reject(late)
    }
  }, TICK_MS)

  function follow(call: WatchedCall, leftMs: number, answer: Promise<unknown>): void {
    const one = { ...call, leftMs }
    pending.add(one)
    answer.then(
      () => void pending.delete(one),
      (reason: unknown) => {
        pending.delete(one)
        if (isObject(reason)) failed.set(reason, call)
      },
    )
  }

  /** `target`, with its methods followed; those of the objects for which `inner` has a name, too. */
  function watched<T extends object>(
    target: T,
    nameOf: (key: PropertyKey) => string,
    options: HandleOptions,
    isStore: (key: PropertyKey) => boolean = () => false,
  ): T {
    const made = new Map<PropertyKey, unknown>()
    const make = (key: PropertyKey): unknown => {
      const own: unknown = Reflect.get(target, key)
      const name = nameOf(key)
      if (isStore(key) && isObject(own)) return watched(own, (method) => `${name}.${String(method)}`, options)
      if (typeof own !== 'function') return own
      return (...args: unknown[]): unknown => {
        const call = { name, trace: traceHere() }
        latest = call
        const answer: unknown = Reflect.apply(own, target, args)
        if (answer instanceof Promise)
          follow(call, limitMs + waitOf(name, args, options.operationTimeoutMs ?? deadlineMs), answer)
        else if (isObject(answer) && (Symbol.asyncIterator in answer || 'next' in answer))
          return watched(answer, () => stepsOf(name, args), options) // events and records, and each of their steps
        return answer
      }
    }
    // Not over `target` itself: what is frozen would have to be answered as it is.
    return new Proxy({} as T, {
      has: (_, key) => Reflect.has(target, key),
      get(_, key) {
        const own: unknown = Reflect.get(target, key)
        if (typeof own !== 'function' && !isObject(own)) return own
        if (!made.has(key)) made.set(key, make(key))
        return made.get(key)
      },
    })
  }

  const handles = new WeakMap<object, StorageHandle>()

  return {
    handle(handle, options = {}) {
      const nameOf = (key: PropertyKey) => (typeof key === 'symbol' ? 'close' : key.toString())
      const isStore = (key: PropertyKey) => (PROTOCOLS as readonly PropertyKey[]).includes(key)
      const one = handles.get(handle) ?? watched(handle, nameOf, options, isStore)
      handles.set(handle, one)
      return one
    },
    overdue: overdue.promise,
    callOf: (reason) => (isObject(reason) ? failed.get(reason) : undefined) ?? latest,
    pending: () => [...new Set([...pending].map(({ name }) => name))].join(', '),
    end: () => clearInterval(clock),
  }
}
