import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { group, whole } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

const AT = '2026-03-01T10:00:00.000000Z'

/** Everything that a store may hold or have held, each alone, so that none hides that another is not looked at. */
const FILLINGS: readonly (readonly [string, (storage: StorageHandle) => Promise<unknown>])[] = [
  ['an agent', ({ agentRegistry }) => agentRegistry.upsertAgent(anAgent('a'))],
  ['a session', ({ context }) => context.setSession('a', '1')],
  ['a state', ({ context }) => context.setState('a', '1')],
  ['a result', ({ idempotency }) => idempotency.set('a', {})],
  ['a claim', ({ idempotency }) => idempotency.claim('a', { leaseSec: 60 })],
  ['an event', ({ decisionAudit }) => decisionAudit.record('a', 'E')],
  ['a mark', ({ saga }) => saga.markDirty('a', 'step', '{}')],
  ['a hold of nothing', ({ resourceLock }) => resourceLock.acquireBatch('a', { a: 0 }, 5)],
  ['a count of none', ({ intentRetry }) => intentRetry.setCount('a', 0)],
  ['a token', ({ escalation }) => escalation.recordBudgetToken('a')],
  ['a request', ({ escalation }) => escalation.insertRequest(aRequest('a', 'a'))],
  ['a transition', ({ lifecycle }) => lifecycle.recordTransition('a', null, 'A')],
]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/any-record-fills-a-store',
      title: 'an import is refused by a store that holds one record of any kind, even a count or a hold of 0',
      clause: 'import goes into an empty namespace only (else ConflictError)',
      asserts: 3 * FILLINGS.length,
      async run({ open, freshNamespace, assert }) {
        for (const [what, write] of FILLINGS) {
          const target = await open({ namespace: freshNamespace() })
          await write(target)
          const before = await exported(target)
          assert.equal(before.length, 2, `${what} and the counters`)
          const records = whole([{ type: 'state', id: 'b', dataJson: '1', updatedAt: AT }])
          await assert.rejects(() => target.importRecords(records), 'STORAGE_CONFLICT', what, {
            operation: 'importRecords',
            outcome: 'not-applied',
          })
          assert.equal(await exported(target), before, `what is there beside ${what}`)
        }
      },
    },
    {
      id: 'transfer/a-used-and-emptied-store-is-not-empty',
      title: 'an import is refused by a store whose only holds were released, and its fences go on',
      clause: 'import goes into an empty namespace only; no number is issued twice',
      asserts: 4,
      async run({ open, freshNamespace, assert }) {
        const used = await open({ namespace: freshNamespace() })
        const first = await used.resourceLock.acquire('a', { a: 1 }, 5)
        await used.resourceLock.release('a')
        const before = await exported(used)
        assert.equal(before.length, 1, 'nothing is left but the counters')
        await assert.rejects(() => used.importRecords(whole([])), 'STORAGE_CONFLICT', 'the import', {
          operation: 'importRecords',
          outcome: 'not-applied',
        })
        assert.equal(await exported(used), before, 'the counters stay')
        const second = await used.resourceLock.acquire('a', { a: 1 }, 5)
        assert.ok((second?.fence ?? 0) > (first?.fence ?? 0), 'the next fence')
      },
    },
  ],
)
