import { expect, test, vi } from 'vitest'
import { iteratorOf } from '../src/handle/source.ts'

test('any number of records leaves nothing behind with what may stop them', async () => {
  const stopped = new Promise<never>(() => {})
  const looks = vi.spyOn(stopped, 'then')
  const source = iteratorOf(
    Array.from({ length: 100 }, (_, n) => ({ n })),
    stopped,
  )
  for (let item = await source.next(); item.done !== true; item = await source.next());
  expect(looks).toHaveBeenCalledTimes(1)
})

test('what stops them rejects the step that is waited for, and every later one', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  const endless = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  const source = iteratorOf(endless, promise)
  const step = source.next()
  reject(new RangeError('closed'))
  await expect(step).rejects.toThrow('closed')
  await expect(source.next()).rejects.toThrow('closed')
})
