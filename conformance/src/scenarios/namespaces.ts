import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { ALL, group, range } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** Handles of namespaces whose names begin alike, or are alike but for one character; the first is one's own. */
async function alike({ freshNamespace, open }: ScenarioContext): Promise<[string, StorageHandle][]> {
  const name = freshNamespace()
  const others = [`${name}2`, `${name}_`, `${name}_a`, name.slice(0, -1), `${name.slice(0, -1)}_`]
  const names = [name, ...others.map((other) => freshNamespace(other))]
  return Promise.all(
    names.map(async (namespace): Promise<[string, StorageHandle]> => [namespace, await open({ namespace })]),
  )
}

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: PROTOCOLS, capabilities: ALL }, [
    {
      id: 'namespaces/whose-names-begin-alike-are-apart',
      title: 'a namespace shows nothing of others whose names begin like its own, and numbers by itself',
      clause: 'a namespace is one store for all its handles, and for nobody else',
      asserts: 12,
      async run(context) {
        const { assert } = context
        const stores = await alike(context)
        for (const [namespace, store] of stores) {
          await store.agentRegistry.upsertAgent(anAgent(namespace))
          await store.saga.markDirty(namespace, 'step', '{}')
          await store.escalation.insertRequest(aRequest(namespace, 'agent'))
          await store.escalation.recordBudgetToken('agent')
          await store.lifecycle.recordTransition('flow', null, namespace)
          await store.resourceLock.acquireBatch('flow', { r: 1 }, 5)
          await store.decisionAudit.record('flow', namespace)
          await store.intentRetry.increment('flow')
          await store.context.setSession('flow', JSON.stringify(namespace))
          await store.idempotency.set('key', { namespace })
        }
        for (const [namespace, store] of stores) {
          const seen = [
            await store.agentRegistry.listActiveAgents(),
            await store.saga.getDirtyFlows(),
            (await store.escalation.getPendingRequests()).map(({ dfid }) => dfid),
            (await store.lifecycle.getTransitions()).map(({ toStatus }) => toStatus),
            (await store.decisionAudit.allEventsChronological()).map(({ event }) => event),
            [await store.context.getSession('flow')].map((text) => JSON.parse(text ?? '""') as string),
          ]
          assert.equal(
            seen,
            seen.map(() => [namespace]),
            `the lists of ${namespace}`,
          )
          const numbers = [
            await store.resourceLock.getLockedAmount('r', null),
            await store.escalation.getWindowCount('agent', '2000-01-01'),
            await store.intentRetry.getCount('flow'),
            (await exported(store)).length,
          ]
          assert.equal(numbers, [1, 1, 1, 11], `the sums of ${namespace}`)
        }
      },
    },
    {
      id: 'namespaces/are-removed-alone',
      title: 'the removal of a namespace takes all of it, and nothing of others whose names begin alike',
      clause: 'destroy: removes everything of a namespace, and nothing else',
      asserts: 7,
      async run(context) {
        const { assert, destroy, open } = context
        const [mine, ...others] = await alike(context)
        if (mine === undefined) return
        const [namespace, store] = mine
        for (const [, other] of [mine, ...others]) await fill(other)
        const before = await Promise.all(others.map(([, other]) => exported(other)))
        await store.close()
        await destroy(namespace)
        for (const [n, [name]] of others.entries())
          assert.equal(await exported(await open({ namespace: name })), before[n], `what is in ${name}`)
        const again = await open({ namespace })
        assert.equal((await exported(again)).length, 1, 'what is left of the removed one')
        await fill(again)
        const times = /\d{4}-\d\d-\d\dT[\d:.]+Z/g
        const timeless = (records: unknown): string => JSON.stringify(records).replaceAll(times, 'a time')
        assert.equal(timeless(await exported(again)), timeless(before[0]), 'filled again, as at first')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS, needs: 'empty' }, [
    {
      id: 'namespaces/do-not-wait-for-one-another',
      title: 'an acquire that does not wait is never refused because of what goes on in another namespace',
      clause: 'timeoutSec: how long to wait for another holder; a namespace is a store of its own',
      asserts: 1,
      async run({ storage, freshNamespace, open, assert }) {
        const busy = await Promise.all(
          range(2).map(async (n) => open({ namespace: freshNamespace(`${freshNamespace()}_${n}`) })),
        )
        await Promise.all([storage, ...busy].map((one) => one.init()))
        const storm = busy.flatMap((one, n) =>
          range(60).map((m) => one.resourceLock.acquireBatch(`flow ${n} ${m}`, { r: 1, s: 1 }, 30)),
        )
        const answers: boolean[] = []
        for (const n of range(30))
          answers.push(await storage.resourceLock.acquireBatch(`flow ${n}`, { r: 1 }, 0))
        await Promise.all(storm)
        assert.equal(
          answers,
          answers.map(() => true),
          'acquires that do not wait',
        )
      },
    },
    {
      id: 'namespaces/an-import-holds-up-nobody-else',
      title: 'while one namespace is being filled, and its readers stand still, others are written and read',
      clause: 'a namespace is a store of its own',
      capabilities: ALL,
      asserts: 4,
      async run({ storage, freshNamespace, open, assert }) {
        await fill(storage)
        const records = await exported(storage)
        const target = await open({ namespace: freshNamespace() })
        const { promise: released, resolve: release } = Promise.withResolvers<void>()
        const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
        async function* slowly() {
          for (const [n, record] of records.entries()) {
            yield record
            if (n === 20) {
              begin()
              await released
            }
          }
        }
        const importing = target.importRecords(slowly())
        await begun
        const reading = storage.exportRecords()[Symbol.asyncIterator]()
        const events = storage.decisionAudit.events()[Symbol.asyncIterator]()
        await reading.next()
        await events.next()
        const other = await open({ namespace: freshNamespace() })
        for (const one of [storage, other]) {
          await one.context.setSession('a', '7')
          await one.resourceLock.acquireBatch('late', { late: 1 }, 0)
          assert.equal(await one.context.getSession('a'), '7', 'written and read meanwhile')
        }
        release()
        assert.equal((await importing).imported, records.length - 1, 'the import')
        await reading.return?.()
        await events.return?.()
        assert.equal(await exported(target), records, 'the copy')
      },
    },
  ]),
]
