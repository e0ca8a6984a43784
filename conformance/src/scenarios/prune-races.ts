import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, range } from './kit.ts'
import { plant, result } from './plant.ts'
import { LAST, OLD, contents, flow, isOf, meanwhile, prune } from './prune-kit.ts'

/** What keeps a flow from the moment on at which it is acknowledged. */
const KEEPING: readonly ((storage: StorageHandle, dfid: string) => Promise<unknown>)[] = [
  ({ saga }, dfid) => saga.markDirty(dfid, 'step', '{}'),
  ({ resourceLock }, dfid) => resourceLock.acquire(dfid, { [`fund of ${dfid}`]: 1 }, 5),
  ({ escalation }, dfid) => {
    const texts = { reason: 'asked anew', contextJson: '{}', proposalJson: '{}', impact: '' }
    return escalation.insertRequest({ dfid, agentId: 'agent', ...texts })
  },
  ({ lifecycle }, dfid) => lifecycle.transition(dfid, 'DONE', 'OPEN'),
]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/beside-writers',
      title:
        'of a flow that is opened again meanwhile either everything is there, or nothing was left to open',
      clause: 'prune: each in one step; a flow that moves meanwhile stays',
      asserts: 61,
      async run(context) {
        const { storage, assert } = context
        const flows = range(60).map((n) => `flow ${n}`)
        await plant(storage, [...flows.flatMap((dfid, n) => flow(dfid, 10 * n + 1)), LAST])
        const [pruner, ...others] = await openHandles(context, 3)
        const open = (dfid: string, n: number): Promise<boolean> =>
          (others[n % 2] ?? storage).lifecycle.transition(dfid, 'DONE', 'OPEN')
        const [told, opened] = await meanwhile(pruner ?? storage, flows, open)
        for (const [n, dfid] of flows.entries()) {
          const parts = await Promise.all([
            storage.decisionAudit.eventsForDfid(dfid),
            storage.lifecycle.getTransitions(dfid),
            storage.context.getSession(dfid),
            storage.escalation.getRequest(dfid),
            storage.intentRetry.getCount(dfid),
            storage.idempotency.get(`key of ${dfid}`),
          ])
          const counts = parts.map((part) => (Array.isArray(part) ? part.length : Number(Boolean(part))))
          assert.equal(counts, opened[n] === true ? [2, 3, 1, 1, 1, 1] : [0, 0, 0, 0, 0, 0], dfid)
        }
        assert.equal(told.flows, opened.filter((isOpened) => !isOpened).length, 'how many it says')
      },
    },
    {
      id: 'prune/beside-what-keeps-flows',
      title:
        'a flow that is marked, holds capital, waits for a human or moves while a prune goes is there, or gone, whole',
      clause: 'prune: each whole and in one step; nothing is newer or open',
      asserts: 80,
      async run(context) {
        const { storage, assert } = context
        const flows = range(80).map((n) => `flow ${n}`)
        // only half of them have a request already
        const records = flows.flatMap((dfid, n) =>
          flow(dfid, 10 * n + 1).filter(({ type }) => n % 8 < 4 || type !== 'request'),
        )
        await plant(storage, [...records, LAST])
        const planted = await contents(storage)
        const [pruner, ...others] = await openHandles(context, 3)
        const [, there] = await meanwhile(pruner ?? storage, flows, async (dfid, n) => {
          const other = others[n % 2] ?? storage
          await KEEPING[n % KEEPING.length]?.(other, dfid)
          return (await other.lifecycle.getCurrentStatus(dfid)) !== null
        })
        const left = new Set(await contents(storage))
        for (const [n, dfid] of flows.entries()) {
          // another request may have taken the place of the one that was planted
          const own = planted.filter((one) => isOf(dfid, one) && !one.startsWith('{"type":"request"'))
          const count = own.filter((one) => left.has(one)).length
          assert.equal(count, there[n] === true ? own.length : 0, dfid)
        }
      },
    },
    {
      id: 'prune/beside-new-results',
      title: 'a result that is stored over an old one while a prune goes is not removed',
      clause: 'prune: each record is judged and removed in one step',
      asserts: 3,
      async run(context) {
        const { storage, assert } = context
        const keys = range(1_200).map((n) => `key ${n}`)
        await plant(storage, [...keys.map((key) => result(key, OLD)), LAST])
        const [pruner, writer] = await openHandles(context, 2)
        const pruned = prune(pruner ?? storage)
        const stored = async (): Promise<void> => {
          // by sevens, so that every page has some; of eight keys one stays as it is
          for (const round of range(60)) {
            const some = range(20).map((n) => ((20 * round + n) * 7) % keys.length)
            const sets = some
              .filter((n) => n % 8 > 0)
              .map((n) => (writer ?? storage).idempotency.set(`key ${n}`, { n }))
            await Promise.all(sets)
          }
        }
        const [{ removed }] = await Promise.all([pruned, stored()])
        assert.equal((removed.idempotency ?? 0) >= 150, true, 'what is told')
        const all = await Array.fromAsync(storage.exportRecords())
        const left = all.flatMap((one) => (one.type === 'idempotency' ? [one] : []))
        const expected = range(keys.length).filter((n) => n % 8 > 0)
        const found = left.map(({ resultJson }) => (JSON.parse(resultJson ?? '{}') as { n?: number }).n)
        assert.equal(
          found.toSorted((one, other) => (one ?? -1) - (other ?? -1)),
          expected,
          'the new ones',
        )
        const again = await prune(storage)
        assert.equal(again.removed, {}, 'a second run')
      },
    },
  ],
)
