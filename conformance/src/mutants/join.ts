import { inOne, joining, postponing } from './joining.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

const doomed = new WeakSet<object>()
const hidden = new Set<string>()

export const joinMutants: readonly Mutant[] = [
  {
    id: 'join-forgets-an-event',
    breaks: 'an event that is recorded within a transaction is acknowledged and not written',
    from: 'a buffer that is flushed by the handle, and not by the transaction',
    killedBy: 'join/a-commit-takes-effect',
    capability: 'join',
    wrap: joining(() => ({ decisionAudit: { record: async () => 1 } })),
    async witness(storage, _, elsewhere) {
      await inOne(storage, elsewhere, 'commit', (inside) => inside.decisionAudit.record('w', 'E'))
      return (await storage.decisionAudit.eventsForDfid('w')).length === 0
    },
  },
  {
    id: 'join-outlasts-a-rollback',
    breaks: 'what is written within a transaction stays after a rollback',
    from: 'a write by a connection of the pool instead of the client',
    killedBy: 'join/a-rollback-leaves-nothing',
    capability: 'join',
    wrap: joining(
      () => ({}),
      ({ commit }) => ({ rollback: commit }),
    ),
    async witness(storage, _, elsewhere) {
      await inOne(storage, elsewhere, 'rollback', (inside) => inside.context.setSession('w', '1'))
      return (await storage.context.getSession('w')) !== null
    },
  },
  {
    id: 'join-refusal-undoes-everything',
    breaks: 'a refusal within a transaction undoes all of it',
    from: 'an error inside a transaction of PostgreSQL without a savepoint',
    killedBy: 'join/a-refusal-undoes-only-itself',
    capability: 'join',
    wrap: joining(
      (inside, client) => ({
        resourceLock: {
          acquireBatch: async (...args) => {
            try {
              return await inside.resourceLock.acquireBatch(...args)
            } catch (error) {
              doomed.add(client)
              throw error
            }
          },
        },
      }),
      ({ client, commit, rollback }) => ({ commit: () => (doomed.has(client) ? rollback() : commit()) }),
    ),
    async witness(storage, _, elsewhere) {
      await inOne(storage, elsewhere, 'commit', async (inside) => {
        await inside.context.setSession('w', '1')
        await inside.resourceLock.acquireBatch('w', { r: 2 }, 0, { capacities: { r: 1 } }).catch(() => {})
      })
      return (await storage.context.getSession('w')) === null
    },
  },
  {
    id: 'join-outlives-its-transaction',
    breaks: 'a call within a transaction that is over is carried out by itself',
    from: 'a client in autocommit, which nobody asks whether a transaction is open',
    killedBy: 'join/after-its-end-it-is-refused',
    capability: 'join',
    wrap: joining((inside, _, sound) => ({
      context: {
        setSession: (...args) =>
          inside.context.setSession(...args).catch(() => sound.context.setSession(...args)),
      },
    })),
    async witness(storage, _, elsewhere) {
      const late = await inOne(storage, elsewhere, 'commit', async (inside) => inside)
      await late.context.setSession('w', '1').catch(() => {})
      return (await storage.context.getSession('w')) === '1'
    },
  },
  {
    id: 'join-takes-anything',
    breaks: 'what is no client is taken for one',
    from: 'a default for the parameter',
    killedBy: 'join/strangers-are-refused',
    capability: 'join',
    wrap: over((sound) => ({ within: () => sound })),
    witness: async (storage) => {
      try {
        return storage.within({}) !== null
      } catch {
        return false
      }
    },
  },
  {
    id: 'join-writes-at-the-commit',
    breaks: 'what a transaction was granted is written when it commits, if there is room then',
    from: 'a unit of work that is flushed at its end',
    killedBy: 'join/what-it-judged-holds',
    capability: 'join',
    wrap: postponing(({ resourceLock, lifecycle }, atCommit) => ({
      resourceLock: {
        acquireBatch: async (...args) => atCommit.push(() => resourceLock.acquireBatch(...args)) > 0,
      },
      lifecycle: { transition: async (...args) => atCommit.push(() => lifecycle.transition(...args)) > 0 },
    })),
    witness: (storage, _, elsewhere) =>
      inOne(storage, elsewhere, 'commit', async (inside) => {
        await inside.lifecycle.transition('w', null, 'NEW')
        return (await inside.lifecycle.getCurrentStatus('w')) === null
      }),
  },
  {
    id: 'join-draws-a-seq-and-waits',
    breaks: 'an event of a transaction gets its seq at once, and appears later than those after it',
    from: 'a sequence, which knows nothing of commits',
    killedBy: 'join/no-event-appears-before-an-earlier-one',
    capability: 'join',
    wrap: (backend) => {
      const writing = postponing(({ decisionAudit }, atCommit) => ({
        decisionAudit: {
          async record(dfid, event, ...rest) {
            hidden.add(event)
            atCommit.push(async () => hidden.delete(event))
            return decisionAudit.record(dfid, event, ...rest)
          },
        },
      }))
      const reading = over(({ decisionAudit }) => ({
        decisionAudit: {
          async *events(filter) {
            for await (const event of decisionAudit.events(filter)) if (!hidden.has(event.event)) yield event
          },
        },
      }))
      return reading(writing(backend))
    },
    witness: (storage, _, elsewhere) =>
      inOne(storage, elsewhere, 'by itself', async (inside, { commit }) => {
        await inside.decisionAudit.record('w', 'HIDDEN')
        const before = await Array.fromAsync(storage.decisionAudit.events())
        const later = storage.decisionAudit.record('w', 'LATER').catch(() => 0)
        await new Promise((resolve) => setTimeout(resolve, 20))
        const [first] = await Array.fromAsync(storage.decisionAudit.events())
        await commit() // whoever waits for it goes on
        await later
        return before.length === 0 && first?.event === 'LATER'
      }),
  },
]
