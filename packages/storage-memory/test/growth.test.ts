import { expect, test } from 'vitest'
import { expectQuick, quickest } from '../../../test/load/quickest.ts'
import { memoryStorage } from '../src/index.ts'

/** V8 makes a map grow after so many more. */
const [OTHERS, TURNS] = [70_000, 30_000]

test(
  "holds, tokens and other flows' events by the thousand do not slow a call down",
  { timeout: 60_000 },
  async () => {
    await using storage = memoryStorage()
    const { decisionAudit, escalation, resourceLock } = storage
    const acquire = (flow: string, leaseSec?: number): Promise<unknown> =>
      resourceLock.acquire(flow, { r: 1 }, 0, {
        capacities: { r: 1e6 },
        ...(leaseSec === undefined ? {} : { leaseSec }),
      })
    const calls: readonly (() => Promise<unknown>)[] = [
      () => acquire('flow', 60).then(() => resourceLock.release('flow')),
      () => resourceLock.getLockedAmount('r', 'flow'),
      () => resourceLock.getHolds({ dfid: 'flow' }),
      () => escalation.tryConsumeBudget('agent', { limit: 1, windowSec: 3_600 }),
      () => escalation.getWindowCount('agent', '2020-01-01T00:00:00Z'),
      () => decisionAudit.eventsForDfid('flow'),
    ]
    await escalation.recordBudgetToken('agent')
    await decisionAudit.record('flow', 'E')
    const before: number[] = []
    for (const call of calls) before.push(await quickest(call))
    for (let index = 0; index < 20_000; index++) {
      await acquire(`other-${index}`, index % 2 === 0 ? 3_600 + (index % 7) : undefined)
      await escalation.recordBudgetToken('agent')
    }
    for (let index = 0; index < 100; index++)
      await decisionAudit.recordMany(
        Array.from({ length: 1_000 }, (_, one) => ({ dfid: `other-${one}`, event: 'E' })),
      )
    for (const [index, call] of calls.entries())
      await expectQuick(call, 10 * (before[index] ?? 0) + 0.1, `call ${index}`)
  },
)

test('what comes and goes often, among many others, does so quickly', { timeout: 60_000 }, async () => {
  await using storage = memoryStorage()
  const { idempotency, intentRetry, lifecycle, resourceLock, saga } = storage
  const turns: readonly ((flow: string) => Promise<() => Promise<unknown>>)[] = [
    async (flow) => {
      await resourceLock.acquire(flow, { r: 1 }, 0)
      return () => resourceLock.release(flow)
    },
    async (flow) => {
      await saga.markDirty(flow, 'step', '{}')
      return () => saga.clearDirty(flow)
    },
    async (flow) => {
      await intentRetry.increment(flow)
      return () => intentRetry.delete(flow)
    },
    async (flow) => {
      await lifecycle.recordTransition(flow, null, 'A')
      return () => lifecycle.recordTransition(flow, null, 'B')
    },
    async (flow) => {
      const claim = await idempotency.claim(flow, { leaseSec: 600, dfid: flow })
      return () => idempotency.abandon(flow, claim.state === 'started' ? claim.token : '')
    },
  ]
  for (const [index, turn] of turns.entries()) {
    const act = async (): Promise<unknown> => (await turn('flow'))()
    const before = await quickest(act)
    for (let n = 0; n < OTHERS; n++) await turn(`other ${n}`)
    for (let n = 0; n < TURNS; n++) await act()
    await expectQuick(act, 4 * before + 0.02, `turn ${index}`)
  }
})

test('what has expired does not count, whatever is acquired, renewed and released beside it', async () => {
  await using storage = memoryStorage()
  const { resourceLock } = storage
  const capacities = { r: 1_000 }
  for (let index = 0; index < 30; index++)
    await resourceLock.acquire(`flow-${index}`, { r: 1 }, 0, { capacities, leaseSec: 60 })
  await resourceLock.acquire('flow-1', { r: 5 }, 0, { capacities }) // has no lease any more
  await resourceLock.release('flow-2')
  for (let index = 0; index < 30; index += 3)
    await resourceLock.renew(`flow-${index}`, index === 3 ? 90 : 0.001)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await resourceLock.getLockedAmount('r', null)).toBe(24)
  expect(await resourceLock.getLockedAmount('r', 'flow-1')).toBe(19)
  expect(await resourceLock.getHolds()).toHaveLength(20)
  for (let index = 0; index < 30; index++) await resourceLock.release(`flow-${index}`)
  expect(await resourceLock.getLockedAmount('r', null)).toBe(0)
  expect(await resourceLock.getHolds()).toEqual([])
})
