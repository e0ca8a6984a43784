import { PROTOCOLS, type Recorded } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] },
  [
    {
      id: 'atomically/answers-with-what-its-callback-returns',
      title: 'a batch whose callback returns some of what it recorded is answered by those, in that order',
      clause: 'atomically: the answers of those operations of which the callback returns a list; else of all',
      asserts: 4,
      async run({ storage, id, assert }) {
        const [flow, other] = [id('flow'), id('other')]
        const [count, isOpen] = await storage.atomically((batch) => {
          const opened = batch.lifecycle.transition(flow, null, 'OPEN')
          batch.context.setSession(flow, '1')
          batch.intentRetry.increment(other)
          return [batch.intentRetry.increment(other), opened]
        })
        assert.equal([count, isOpen], [2, true], 'those that were returned')
        const counts = await storage.atomically((batch) =>
          [flow, other].map((dfid) => batch.intentRetry.increment(dfid)),
        )
        assert.equal(counts, [1, 3], 'a list of all')
        const all: unknown[] = await storage.atomically((batch) => {
          batch.intentRetry.increment(flow)
          batch.intentRetry.increment(other)
          return ['no operation']
        })
        assert.equal(all, [2, 4], 'another list is none')
        const foreign: Recorded<number>[] = []
        await storage.atomically((batch) => void foreign.push(batch.intentRetry.increment(other)))
        await assert.rejects(
          () =>
            storage.atomically((batch) => {
              batch.context.setSession(flow, '2')
              return foreign
            }),
          'STORAGE_INVALID_ARGUMENT',
          'what was recorded on another batch',
          { argument: 'record' },
        )
      },
    },
  ],
)
