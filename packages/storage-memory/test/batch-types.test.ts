import type { Grant } from '@dir/storage-core'
import { expect, expectTypeOf, test } from 'vitest'
import { memoryStorage } from '../src/index.ts'

test('a batch answers with the types of what its callback returns', async () => {
  const storage = memoryStorage()
  const [grant, seq, opened, nothing] = await storage.atomically((batch) => [
    batch.resourceLock.acquire('flow', { cash: 1 }, 1),
    batch.decisionAudit.record('flow', 'RESERVED'),
    batch.lifecycle.transition('flow', null, 'OPEN'),
    batch.context.setSession('flow', '{}'),
  ])
  expectTypeOf(grant).toEqualTypeOf<Grant>()
  expectTypeOf(seq).toEqualTypeOf<number>()
  expectTypeOf(opened).toEqualTypeOf<true>()
  expectTypeOf(nothing).toEqualTypeOf<void>()
  expect([grant.fence, seq, opened, nothing]).toEqual([1, 1, true, undefined])

  const all = await storage.atomically((batch) => {
    batch.intentRetry.increment('flow')
  })
  expectTypeOf(all).toEqualTypeOf<unknown[]>()
  expect(all).toEqual([1])
})
