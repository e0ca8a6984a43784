import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Answer, Place } from './refusal.ts'
import type { Method } from './table.ts'
import { CONDITIONS, WRITES } from './table/batch.ts'
import { CLOSE, HANDLE } from './table/handle.ts'
import { HELPERS } from './table/helpers.ts'
import { TABLE } from './table/index.ts'

/** Calls past the types, which would not let a malformed argument through. */
type Call = (storage: StorageHandle, ...args: readonly unknown[]) => unknown

/** A method of the table, and the way to call it. */
export interface Callable {
  readonly title: string
  readonly call: Call
  readonly method: Method
  readonly how: Answer['how']
  /** Null: its errors need not say where they happened. */
  readonly place: Omit<Place, 'backend'> | null
}

const onProtocols = PROTOCOLS.flatMap((protocol) =>
  Object.entries(TABLE[protocol]).map(([name, method]) => {
    return callable(`${protocol}.${name}`, called(protocol, name), method, { protocol, operation: name })
  }),
)

export const ON_HANDLE: readonly Callable[] = [
  ...onProtocols,
  ...Object.entries(HANDLE).map(([name, method]) =>
    callable(name, called(name), method, { protocol: '', operation: name }),
  ),
]

export const CLOSING: Callable = callable('close', called('close'), CLOSE, {
  protocol: '',
  operation: 'close',
})

export const IN_BATCHES: readonly Callable[] = [
  ...WRITES.flatMap(([protocol, names]) =>
    names.map((name) => {
      const method = TABLE[protocol][name] as Method
      const place = { protocol, operation: name }
      return callable(`batch.${protocol}.${name}`, afterGoodWrite(protocol, name), method, place)
    }),
  ),
  ...Object.entries(CONDITIONS).map(([name, method]) => {
    const protocol = name === 'expectStatus' ? 'lifecycle' : 'context'
    return callable(`batch.${name}`, afterGoodWrite(name), method, { protocol, operation: name })
  }),
]

export const OF_HELPERS: readonly Callable[] = HELPERS.map(({ name, call, method, isSynchronous }) => ({
  ...callable(name, call as Call, method, null),
  how: isSynchronous === true ? 'throws at once' : 'rejects',
}))

function callable(title: string, call: Call, method: Method, place: Callable['place']): Callable {
  return { title, call, method, how: 'rejects', place }
}

/** The method at this path of a handle or a batch. */
function called(...path: readonly string[]): (target: object, ...args: readonly unknown[]) => unknown {
  return (target, ...args) => {
    let [owner, at]: unknown[] = [undefined, target]
    for (const name of path) [owner, at] = [at, (at as Record<string, unknown>)[name]]
    return Reflect.apply(at as () => unknown, owner, args)
  }
}

function afterGoodWrite(...path: readonly string[]): Call {
  return (storage, ...args) =>
    storage.atomically((batch) => {
      batch.context.setSession('batched', '1')
      called(...path)(batch, ...args)
    })
}
