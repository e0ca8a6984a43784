import { InvalidArgumentError } from '../errors/index.ts'
import { reading } from '../rules/validate.ts'

/** What an import goes through, one record after another. */
interface Source {
  /** Rejects also when `stopped` does. */
  next(): Promise<IteratorResult<unknown, unknown>>
  /** Tells the iterable that nobody goes on; nobody waits for what it makes of that. */
  end(): void
}

/** @throws InvalidArgumentError if there is nothing to go through. */
export function iteratorOf(records: unknown, stopped: Promise<never>): Source {
  const iterator = reading('records', () => {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = (
      typeof records === 'object' && records !== null ? records : {}
    ) as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown }
    const iterate = async ?? sync
    const found: unknown = typeof iterate === 'function' ? Reflect.apply(iterate, records, []) : null
    if (typeof (found as Partial<AsyncIterator<unknown>> | null)?.next !== 'function')
      throw new InvalidArgumentError('records', 'must be an iterable of records')
    return found as AsyncIterator<unknown, unknown>
  })
  let isOver = false
  let interrupt = (_: unknown): void => {}
  let cause: { readonly error: unknown } | undefined
  // looked out for once: each race with what stays pending would leave its record behind there
  stopped.catch((error: unknown) => {
    cause = { error }
    interrupt(error)
  })
  return {
    async next() {
      if (cause !== undefined) throw cause.error
      const item: unknown = await new Promise((resolve, reject) => {
        interrupt = reject
        Promise.resolve(iterator.next()).then(resolve, reject)
      })
      if (typeof item !== 'object' || item === null)
        throw new InvalidArgumentError('records', 'must be an iterable of records')
      const result = item as IteratorResult<unknown, unknown>
      isOver = result.done === true
      return result
    },
    end() {
      if (!isOver) void (async () => iterator.return?.())().catch(() => {})
      isOver = true
    },
  }
}

/** What a source gives from `first` on. */
export async function* goOn(first: IteratorResult<unknown>, source: Source): AsyncGenerator<unknown> {
  for (let item = first; item.done !== true; item = await source.next()) yield item.value
}
