import type { Backend } from '@dir/storage-conformance'
import { afterEach, expect, test, vi } from 'vitest'
import { openBackend } from '../conformance/src/open.ts'
import { SERVER_NAMES } from '../scripts/servers/index.ts'
import { withServer } from '../scripts/servers/live.ts'
import { freshNamespace } from './load/store.ts'

// A server has a clock of its own, and what it stamped is judged by that, whatever the clock of who prunes says.

const HOUR_MS = 3_600_000
const BUDGET = { limit: 3, windowSec: 3_600 }

afterEach(() => void vi.restoreAllMocks())

for (const name of SERVER_NAMES)
  withServer(name, () => {
    test('a prune by a clock that is ahead takes nothing that still counts', async () => {
      const module = new URL(`../packages/storage-${name}/test/backend.ts`, import.meta.url)
      const { default: backend } = (await import(module.href)) as { readonly default: Backend }
      const namespace = freshNamespace()
      try {
        await using storage = await openBackend(backend, namespace)
        const { escalation, idempotency, lifecycle, decisionAudit } = storage
        for (let n = 0; n < 3; n++) await escalation.tryConsumeBudget('agent', BUDGET)
        await idempotency.set('of no flow', { paid: 1 })
        const claim = await idempotency.claim('of a flow', { leaseSec: 60, dfid: 'flow' })
        if (claim.state === 'started') await idempotency.complete('of a flow', claim.token, { paid: 2 })
        await lifecycle.recordTransition('flow', null, 'DONE')
        await decisionAudit.record('other', 'LAST')

        const { now } = Date
        vi.spyOn(Date, 'now').mockImplementation(() => now() + 2 * HOUR_MS)
        const before = new Date(Date.now()).toISOString()
        const kept = { keepResultsSec: 3_600, keepTokensSec: 3_600 }
        expect(await storage.prune({ before, terminal: ['DONE'], ...kept })).toEqual({
          flows: 0,
          removed: {},
          kept: { idempotency: 1 },
        })
        vi.restoreAllMocks()

        expect(await escalation.tryConsumeBudget('agent', BUDGET)).toEqual({ granted: false, used: 3 })
        expect(await idempotency.get('of no flow')).toEqual({ paid: 1 })
      } finally {
        await backend.destroy(namespace)
      }
    })
  })
