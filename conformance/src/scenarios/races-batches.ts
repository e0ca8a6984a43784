import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, race, range } from './kit.ts'
import { ROUNDS, places, rounds } from './rounds.ts'

const committed = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => true,
    (error: { code?: string }) => {
      if (error.code === 'STORAGE_CONFLICT') return false
      throw error
    },
  )

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['decisionAudit'] }, [
    {
      id: 'races/events-of-one-call-stand-together',
      title: 'the events of one recordMany stand next to one another, whoever else records',
      clause: 'recordMany: all or none, next to one another; seq rises',
      needs: 'empty',
      asserts: 3,
      async run(context) {
        const handles = await openHandles(context, 4)
        const answers = await race(handles, async ({ decisionAudit }, racer) => {
          const many = await decisionAudit.recordMany(
            range(4).map((n) => ({ dfid: 'flow', event: `${racer} ${n}` })),
          )
          await decisionAudit.record('flow', `${racer} alone`)
          return many
        })
        const all = await context.storage.decisionAudit.allEventsChronological()
        context.assert.equal(all.length, 80, 'how many events')
        const names = all.map(({ event }) => event)
        const together = range(16).every((racer) => {
          const at = names.indexOf(`${racer} 0`)
          return range(4).every((n) => names[at + n] === `${racer} ${n}`)
        })
        context.assert.ok(together, 'the events of each call')
        const seqs = new Map(all.map(({ event, seq }) => [event, seq]))
        context.assert.equal(
          answers,
          range(16).map((racer) => range(4).map((n) => seqs.get(`${racer} ${n}`))),
          'the numbers that the calls were told',
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] }, [
    {
      id: 'races/one-batch-commits',
      title: 'of sixteen batches on one condition one commits, and nothing of the others is there',
      clause: 'what was judged cannot change until the commit; else nothing is written',
      asserts: 3 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          (storage, racer, id) =>
            committed(
              storage.atomically((batch) => {
                batch.decisionAudit.record(id, `by ${racer}`)
                batch.expectStatus(id, null)
                if (racer % 2 === 0) batch.lifecycle.transition(id, null, `by ${racer}`)
                else batch.lifecycle.recordTransition(id, null, `by ${racer}`)
                batch.context.setSession(id, `${racer}`)
              }),
            ),
          async (answers, storage, id) => {
            const winners = places(answers, (won) => won)
            context.assert.equal(winners.length, 1, 'how many committed')
            const events = await storage.decisionAudit.eventsForDfid(id)
            context.assert.equal(
              events.map(({ event }) => event),
              [`by ${winners[0]}`],
              'the events',
            )
            context.assert.equal(
              [await storage.lifecycle.getCurrentStatus(id), await storage.context.getSession(id)],
              [`by ${winners[0]}`, String(winners[0])],
              'status and session',
            )
          },
        ),
    },
    {
      id: 'races/no-batch-is-lost',
      title: 'sixteen batches that count and swap lose no count, and one of them swaps',
      clause: 'atomically: what is recorded commits together; increment and compareAndSet in it are atomic',
      asserts: 3 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          async (storage, racer, id) => {
            await storage.atomically((batch) => {
              batch.intentRetry.increment(id)
              batch.saga.markDirty(`${id} ${racer}`, 'step', '{}')
              batch.intentRetry.increment(id)
            })
            return committed(
              storage.atomically((batch) => batch.context.compareAndSetSession(id, null, `${racer}`)),
            )
          },
          async (answers, storage, id) => {
            context.assert.equal(await storage.intentRetry.getCount(id), 32, 'the count')
            const winners = places(answers, (won) => won)
            context.assert.equal(
              [winners.length, String(winners[0])],
              [1, await storage.context.getSession(id)],
              'the swap',
            )
            const marked = (await storage.saga.getDirtyFlows()).filter((dfid) => dfid.startsWith(`${id} `))
            context.assert.equal(marked.length, 16, 'the marks')
          },
        ),
    },
  ]),
]
