import type { PruneOptions, StorageRecord } from '@dir/storage-core'
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import {
  agent,
  asked,
  claim,
  decided,
  event,
  hold,
  mark,
  move,
  plant,
  result,
  session,
  state,
} from './plant.ts'
import { LAST, LATELY, OLD, contents, flow, isOf, prune, removedOf } from './prune-kit.ts'

interface Kept {
  readonly why: string
  /** What there is of the flow beside what is old and over. */
  readonly more: (dfid: string, seq: number) => readonly StorageRecord[]
  /** The protocol by which it is kept; null: it is not looked at. */
  readonly by: keyof typeof KEPT_BY | null
}

const KEPT_BY = { decisionAudit: 0, idempotency: 0, saga: 0, resourceLock: 0, escalation: 0 }

const KEPT: readonly Kept[] = [
  { why: 'in a status that is not terminal', more: (dfid) => [move(dfid, 'OPEN', OLD)], by: null },
  { why: 'over only lately', more: (dfid) => [move(dfid, 'DONE', LATELY)], by: null },
  { why: 'marked as dirty', more: (dfid) => [mark(dfid, OLD)], by: 'saga' },
  { why: 'holding capital', more: (dfid, seq) => [hold(dfid, 'fund', seq)], by: 'resourceLock' },
  {
    why: 'holding capital under a lease',
    more: (dfid, seq) => [hold(dfid, 'fund', seq, { expiresAt: '2999-01-01T00:00:00.000000Z' })],
    by: 'resourceLock',
  },
  { why: 'waiting for a human', more: (dfid) => [asked(dfid, OLD)], by: 'escalation' },
  { why: 'decided only lately', more: (dfid) => [decided(dfid, LATELY)], by: 'escalation' },
  {
    why: 'with a claim that has no result',
    more: (dfid) => [claim(`open ${dfid}`, OLD, { dfid })],
    by: 'idempotency',
  },
  {
    why: 'with a result of lately',
    more: (dfid) => [result(`late ${dfid}`, LATELY, { dfid })],
    by: 'idempotency',
  },
  {
    why: 'with an event of lately',
    more: (dfid, seq) => [event(seq, dfid, { timestamp: LATELY })],
    by: 'decisionAudit',
  },
  {
    why: 'with an event of lately before older ones, by a clock that went back',
    more: (dfid, seq) => [event(seq, dfid, { timestamp: LATELY }), event(seq + 1, dfid, { timestamp: OLD })],
    by: 'decisionAudit',
  },
]

const DRY: readonly Partial<PruneOptions>[] = [{ dryRun: true }, {}]

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/removes-old-flows-whole',
      title: 'prune removes what is kept of flows that are over, all of it, and nothing of others',
      clause: 'prune: removes old flows that are over, each whole; what it answers',
      asserts: 6,
      async run({ storage, assert }) {
        const ofAgents = [agent('one'), agent('two'), state('one')]
        const others = [...ofAgents, session('no flow'), event(900, 'no flow'), LAST]
        await plant(storage, [...flow('one', 1), ...flow('on', 10, 'OPEN'), ...flow('two', 20), ...others])
        const rest = (await contents(storage)).filter((one) => !(isOf('one', one) || isOf('two', one)))
        assert.equal(await prune(storage), { flows: 2, removed: removedOf(2), kept: {} }, 'what was removed')
        assert.equal(await contents(storage), rest, 'what is left')
        assert.equal(await storage.lifecycle.getCurrentStatus('one'), null, 'the status of one')
        assert.equal(await storage.decisionAudit.eventsForDfid('two'), [], 'the events of the other')
        assert.equal(await prune(storage), { flows: 0, removed: {}, kept: {} }, 'a second run')
        assert.equal(await contents(storage), rest, 'what is left after that')
      },
    },
    {
      id: 'prune/keeps-what-is-not-over',
      title: 'a flow of which anything is open or newer stays, all of it',
      clause: 'prune: over and old; a flow that lacks any of this stays whole',
      asserts: KEPT.length + 3,
      async run({ storage, assert }) {
        const planted = KEPT.flatMap(({ more }, n) => {
          const added = more(`flow ${n}`, 20 * n + 10)
          const isReplaced = (type: string): boolean =>
            type === 'request' && added.some((one) => one.type === type)
          return [...flow(`flow ${n}`, 20 * n + 1).filter(({ type }) => !isReplaced(type)), ...added]
        })
        await plant(storage, [...planted, LAST])
        const before = await contents(storage)
        const kept: Record<string, number> = {}
        for (const { by } of KEPT) if (by !== null) kept[by] = (kept[by] ?? 0) + 1
        for (const options of DRY)
          assert.equal(await prune(storage, options), { flows: 0, removed: {}, kept }, 'what is told')
        const after = await contents(storage)
        for (const [n, { why }] of KEPT.entries())
          assert.equal(
            after.filter((one) => isOf(`flow ${n}`, one)),
            before.filter((one) => isOf(`flow ${n}`, one)),
            why,
          )
        assert.equal(after, before, 'all of it')
      },
    },
    {
      id: 'prune/keeps-the-last-event',
      title: 'the flow of the last event of the log stays until there is a later one',
      clause: 'prune: so does the one that has the log’s last event; seq never comes back',
      asserts: 3,
      async run({ storage, assert }) {
        await plant(storage, flow('one', 1))
        const kept = { flows: 0, removed: {}, kept: { decisionAudit: 1 } }
        assert.equal(await prune(storage), kept, 'while it has the last one')
        assert.equal(await storage.decisionAudit.record('other', 'LATER'), 3, 'the next seq')
        assert.equal(await prune(storage), { flows: 1, removed: removedOf(1), kept: {} }, 'afterwards')
      },
    },
    {
      id: 'prune/dry-run',
      title: 'with dryRun, prune tells what it would remove, and removes nothing',
      clause: 'prune: dryRun removes nothing, and tells what would be',
      asserts: 3,
      async run({ storage, assert }) {
        const flows = ['one', 'two', 'three'].flatMap((dfid, n) => flow(dfid, 10 * n + 1))
        await plant(storage, [...flows, mark('two', OLD), result('of nothing', OLD), LAST])
        const before = await contents(storage)
        const told = await prune(storage, { dryRun: true })
        assert.equal(await contents(storage), before, 'everything')
        const removed = { ...removedOf(2), idempotency: 3 }
        assert.equal(told, { flows: 2, removed, kept: { saga: 1 } }, 'what is told')
        assert.equal(await prune(storage), told, 'what is then removed')
      },
    },
  ],
)
