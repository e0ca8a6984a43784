import { PROTOCOLS, type PruneOptions } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import * as bad from './bad-values.ts'
import { brief, group, range } from './kit.ts'
import { ago, hold, plant } from './plant.ts'
import { BEFORE, LAST, contents, flow, prune, removedOf } from './prune-kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/many-flows',
      title: 'prune goes through all flows that are over, in batches, and tells how far it is',
      clause: 'prune: batchSize, onProgress',
      asserts: 5,
      async run({ storage, assert }) {
        const flows = range(1_300)
        const records = flows.flatMap((n) => flow(`flow ${n}`, 10 * n + 1, n % 5 === 0 ? 'OPEN' : 'DONE'))
        await plant(storage, [...records, LAST])
        const progress: number[] = []
        const told = await prune(storage, {
          batchSize: 90,
          onProgress: ({ flows: done }) => progress.push(done),
        })
        assert.equal(told, { flows: 1_040, removed: removedOf(1_040), kept: {} }, 'what is told')
        const left = await Array.fromAsync(storage.lifecycle.listFlows())
        assert.equal(left.length, 260, 'the flows that are left')
        assert.equal((await contents(storage)).length, 8 * 260 + 1, 'all that is left')
        const steps = progress.filter((done, index) => done !== progress[index - 1])
        assert.equal(steps, [...range(11).map((n) => 90 * (n + 1)), 1_040], 'how far it was')
        const seqs = (await storage.decisionAudit.allEventsChronological()).map(({ seq }) => seq)
        const expected = flows.filter((n) => n % 5 === 0).flatMap((n) => [10 * n + 1, 10 * n + 2])
        assert.equal(seqs, [...expected, 1_000_000], 'the events that are left')
      },
    },
    {
      id: 'prune/is-ended-by-a-signal',
      title: 'prune ends after the batch under way when its signal says so, and a second one does the rest',
      clause: 'prune: signal; it may be stopped at any time, and be run again',
      asserts: 3,
      async run({ storage, assert }) {
        await plant(storage, [...range(30).flatMap((n) => flow(`flow ${n}`, 10 * n + 1)), LAST])
        const ending = new AbortController()
        const reason = new Error('that will do')
        const ended = prune(storage, {
          batchSize: 10,
          signal: ending.signal,
          onProgress: ({ flows }) => flows === 20 && ending.abort(reason),
        }).then(
          () => null,
          (error: unknown) => error,
        )
        assert.equal((await ended) === reason, true, 'what it rejects with')
        assert.equal((await contents(storage)).length, 81, 'what is left')
        assert.equal((await prune(storage)).flows, 10, 'the rest')
      },
    },
    {
      id: 'prune/refuses-malformed-options',
      title: 'what is asked for wrongly is refused before anything is removed, and so is a moment to come',
      clause: 'prune: InvalidArgumentError for a `before` in the future',
      asserts: 60,
      async run({ storage, assert }) {
        await plant(storage, [...flow('one', 1), LAST])
        const wrong: Readonly<Record<string, readonly unknown[]>> = {
          options: bad.OPTIONS,
          before: [...bad.TIME, ago(-60)],
          terminal: [undefined, null, 'DONE', {}, [], ...bad.TEXT.map((status) => ['DONE', status])],
          keepResultsSec: bad.given(bad.SECONDS),
          keepTokensSec: bad.given(bad.SECONDS),
          dryRun: bad.given(bad.FLAG),
          batchSize: bad.given([...bad.COUNT, 0, 501]),
          onProgress: ['x', {}, 1],
          signal: bad.given(bad.SIGNAL),
        }
        for (const [argument, values] of Object.entries(wrong))
          for (const value of values) {
            const given = { before: BEFORE, terminal: ['DONE'], keepResultsSec: 0 }
            const options = argument === 'options' ? value : { ...given, [argument]: value }
            await assert.rejects(
              () => storage.prune(options as PruneOptions),
              'STORAGE_INVALID_ARGUMENT',
              `${argument}: ${brief(value)}`,
              { argument, operation: 'prune', outcome: 'not-applied' },
            )
          }
        assert.equal((await prune(storage)).flows, 1, 'nothing was removed')
      },
    },
    {
      id: 'prune/numbers-do-not-come-back',
      title: 'no seq and no fence of what was removed is issued again',
      clause: 'prune: seq and fences never come back',
      asserts: 4,
      async run({ storage, open, assert }) {
        await plant(storage, [...flow('one', 1), hold('one', 'fund', 7)])
        const { decisionAudit, resourceLock } = storage
        await resourceLock.release('one')
        assert.equal(await decisionAudit.record('other', 'LATER'), 3, 'the next seq')
        assert.equal((await prune(storage)).flows, 1, 'the flow goes')
        const later = await open()
        assert.equal(await later.decisionAudit.record('other', 'LATER'), 4, 'the seq after that')
        const grant = await later.resourceLock.acquire('two', { fund: 1 }, 0)
        assert.equal((grant?.fence ?? 0) > 7, true, 'the next fence')
      },
    },
    {
      id: 'prune/sees-the-calls-before-it',
      title: 'what was written to a flow before, awaited or not, keeps it',
      clause: 'prune: all its events were written before `before`; calls of one handle keep their order',
      asserts: 2,
      async run({ storage, assert }) {
        await plant(storage, [...flow('one', 1), ...flow('two', 10), LAST])
        const { decisionAudit, lifecycle } = storage
        const written = [
          decisionAudit.record('one', 'NOW'),
          lifecycle.recordTransition('two', 'DONE', 'OPEN'),
          decisionAudit.record('last', 'NOW'),
        ]
        const told = await prune(storage)
        await Promise.all(written)
        assert.equal(told, { flows: 0, removed: {}, kept: { decisionAudit: 1 } }, 'what is told')
        assert.equal((await decisionAudit.eventsForDfid('one')).length, 3, 'the events of the first')
      },
    },
  ],
)
