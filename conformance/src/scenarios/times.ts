import { setTimeout as sleep } from 'node:timers/promises'
import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { ALL, group } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** A write, and the time that it leaves in an export. */
interface Stamped {
  readonly words: string
  readonly write: (storage: StorageHandle) => Promise<unknown>
  readonly type: string
  readonly field: string
}

const at = (words: string, type: string, field: string, write: Stamped['write']): Stamped => {
  return { words, write, type, field }
}

/** The writes of one run. */
function writes(): readonly Stamped[] {
  let token = ''
  return [
    at('an agent', 'agent', 'registeredAt', (s) => s.agentRegistry.upsertAgent(anAgent('a'))),
    at('the same agent', 'agent', 'updatedAt', (s) => s.agentRegistry.upsertAgent(anAgent('a'))),
    at('its status', 'agent', 'updatedAt', (s) => s.agentRegistry.updateStatus('a', 'x', null)),
    at('a session', 'session', 'updatedAt', (s) => s.context.setSession('a', '1')),
    at('the same session', 'session', 'updatedAt', (s) => s.context.setSession('a', '1')),
    at('a session swapped', 'session', 'updatedAt', (s) => s.context.compareAndSetSession('a', '1', '1')),
    at('a state', 'state', 'updatedAt', (s) => s.context.setState('a', '1')),
    at('a state swapped', 'state', 'updatedAt', (s) => s.context.compareAndSetState('a', '1', '1')),
    at('a claim', 'idempotency', 'claimedAt', async (s) => {
      const claim = await s.idempotency.claim('a', { leaseSec: 600 })
      if (claim.state === 'started') token = claim.token
    }),
    at('its end', 'idempotency', 'createdAt', (s) => s.idempotency.complete('a', token, {})),
    at('a result', 'idempotency', 'createdAt', (s) => s.idempotency.set('a', {})),
    at('a mark', 'dirtyFlow', 'createdAt', (s) => s.saga.markDirty('a', '', '1')),
    at('the same mark', 'dirtyFlow', 'createdAt', (s) => s.saga.markDirty('a', '', '1')),
    at('a hold', 'hold', 'acquiredAt', (s) => s.resourceLock.acquireBatch('a', { a: 1 }, 5)),
    at('the same hold', 'hold', 'acquiredAt', (s) => s.resourceLock.acquireBatch('a', { a: 1 }, 5)),
    at('a count', 'retryCount', 'updatedAt', (s) => s.intentRetry.setCount('a', 1)),
    at('one more', 'retryCount', 'updatedAt', (s) => s.intentRetry.increment('a')),
    at('a token', 'budgetToken', 'createdAt', (s) => s.escalation.recordBudgetToken('a')),
    at('a request', 'request', 'createdAt', (s) => s.escalation.insertRequest(aRequest('a', 'a'))),
    at('the same request', 'request', 'createdAt', (s) => s.escalation.insertRequest(aRequest('a', 'a'))),
    at('a transition', 'transition', 'createdAt', (s) => s.lifecycle.recordTransition('a', null, 'x')),
    at('a transition by its verb', 'transition', 'createdAt', (s) => s.lifecycle.transition('a', 'x', 'y')),
    at('an event', 'event', 'timestamp', (s) => s.decisionAudit.recordMany([{ dfid: 'a', event: 'x' }])),
  ]
}

/** How far the clocks of two protocols of one backend may be apart. */
const SLACK = 8_000

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ALL, needs: 'empty' },
  [
    {
      id: 'times/are-those-of-the-write',
      title: 'each time that is kept is that of the write that sets it, on the clock of the other records',
      clause: 'times are stamped by the backend when a record is written',
      asserts: writes().length + 2,
      async run({ storage, assert }) {
        const marks: number[] = []
        const mark = async (): Promise<void> => {
          await storage.decisionAudit.record('clock', 'tick')
          const ticks = await storage.decisionAudit.eventsForDfid('clock')
          marks.push(microsOf(ticks.at(-1)?.timestamp ?? ''))
          await sleep(10)
        }
        await mark()
        for (const { words, write, type, field } of writes()) {
          const [before = 0] = marks.slice(-1)
          await write(storage)
          const records = (await exported(storage)).filter(
            (one) => one.type === type && (one as { dfid?: string }).dfid !== 'clock',
          )
          await sleep(10)
          await mark()
          const [after = 0] = marks.slice(-1)
          const time = (records.at(-1) as unknown as Record<string, string> | undefined)?.[field]
          const micros = microsOf(time ?? '')
          assert.ok(
            micros > before + 10_000 - SLACK && micros < after - 10_000 + SLACK,
            `the time of ${words}`,
          )
        }
        assert.equal(
          marks,
          marks.toSorted((a, b) => a - b),
          'the clock goes on',
        )
        const near = Math.abs((marks.at(-1) ?? 0) / 1000 - Date.now())
        assert.ok(near < 60_000, 'the clock is that of the day')
      },
    },
  ],
)
