import { ClosedError } from '@dir/storage-core'
import { inOne, joining, postponing } from './joining.ts'
import type { Mutant } from './mutant.ts'
import { changed, over } from './over.ts'

export const joinEndMutants: readonly Mutant[] = [
  {
    id: 'join-judges-by-an-old-view',
    breaks: 'a transaction judges by what it saw first, whatever others decided since',
    from: 'a snapshot, and a write that conflicts with nobody else',
    killedBy: 'join/what-others-decided-since-counts',
    capability: 'join',
    wrap: postponing(({ lifecycle }) => {
      const seen = new Map<string, string | null>()
      return {
        lifecycle: {
          async getCurrentStatus(dfid) {
            const status = await lifecycle.getCurrentStatus(dfid)
            seen.set(dfid, status)
            return status
          },
          async transition(dfid, from, to) {
            if ((seen.get(dfid) ?? null) !== from) return false
            await lifecycle.recordTransition(dfid, from, to)
            return true
          },
        },
      }
    }),
    witness: (storage, _, elsewhere) =>
      inOne(storage, elsewhere, 'by itself', async (inside, { commit }) => {
        await inside.lifecycle.getCurrentStatus('w')
        const theirs = storage.lifecycle.transition('w', null, 'THEIRS').catch(() => false)
        await new Promise((resolve) => setTimeout(resolve, 20))
        const mine = await inside.lifecycle.transition('w', null, 'MINE').catch(() => false)
        await commit() // whoever waits for it goes on
        return mine && (await theirs)
      }),
  },
  {
    id: 'join-lists-from-outside',
    breaks: 'a list within a transaction has not what that wrote',
    from: 'pages that are read by a connection of the pool instead of the client',
    killedBy: 'join/lists-see-what-it-wrote',
    capability: 'join',
    wrap: joining((_, __, { saga }) => ({
      saga: { listDirtyFlows: (filter) => saga.listDirtyFlows(filter) },
    })),
    witness: (storage, _, elsewhere) =>
      inOne(storage, elsewhere, 'commit', async ({ saga }) => {
        await saga.markDirty('w', 'step', '{}')
        return (await Array.fromAsync(saga.listDirtyFlows())).length === 0
      }),
  },
  {
    id: 'join-ends-with-its-handle',
    breaks: 'a call within a transaction that is under way when the handle closes is given up',
    from: 'a close that waits for the queue of the handle, and for nothing else',
    killedBy: 'join/close-waits-for-calls-under-way',
    capability: 'join',
    wrap: over((sound) => {
      let isClosed = false
      return {
        close() {
          isClosed = true
          return sound.close()
        },
        within(client) {
          const { intentRetry } = sound.within(client)
          return changed(sound.within(client), {
            intentRetry: {
              async increment(dfid: string) {
                const count = await intentRetry.increment(dfid)
                if (isClosed) throw new ClosedError({ outcome: 'unknown' })
                return count
              },
            },
          })
        },
      }
    }),
    witness: (storage, open, elsewhere) =>
      inOne(storage, elsewhere, 'commit', async (_, { client }) => {
        const closing = await open()
        await closing.init()
        const call = closing.within(client).intentRetry.increment('w')
        const closed = closing.close()
        const isGivenUp = await call.then(
          () => false,
          () => true,
        )
        await closed
        return isGivenUp
      }),
  },
  {
    id: 'join-follows-outside',
    breaks: 'whoever follows within a transaction follows the log outside of it',
    from: 'a subscription of the handle that every view of it shares',
    killedBy: 'join/nobody-follows-inside',
    capability: 'join',
    wrap: joining((inside, _, sound) => ({
      decisionAudit: {
        events: (filter) => (filter?.follow === true ? sound : inside).decisionAudit.events(filter),
      },
    })),
    async witness(storage, _, elsewhere) {
      await storage.decisionAudit.record('w', 'E')
      const seen = await inOne(storage, elsewhere, 'rollback', (inside) =>
        Array.fromAsync(inside.decisionAudit.events({ follow: true, limit: 1 })).catch(() => []),
      )
      return seen.length === 1
    },
  },
]
