import type { EventFilter } from '@dir/storage-core'
import { range } from '../scenarios/kit.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

export const bystanderMutants: readonly Mutant[] = [
  {
    id: 'status-before-its-reason',
    breaks:
      'a status and its reason are written one after the other, and readers see the one without the other',
    from: 'two statements outside a transaction',
    killedBy: 'whole-records/statuses',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async updateStatus(agentId, status, suspensionReason) {
          const before = await agentRegistry.getStatus(agentId)
          await agentRegistry.updateStatus(agentId, status, before?.suspensionReason ?? null)
          await pause()
          return agentRegistry.updateStatus(agentId, status, suspensionReason)
        },
      },
    })),
    async witness({ agentRegistry }) {
      const agent = { contractJson: '{}', priority: 1, status: 'A', agentVersion: null, sessionToken: null }
      await agentRegistry.upsertAgent({ agentId: 'w', ...agent })
      const writing = agentRegistry.updateStatus('w', 'B', 'B')
      let half = false
      for (const _ of range(20)) {
        const seen = await agentRegistry.getStatus('w')
        half ||= seen?.status === 'B' && seen.suspensionReason === null
        await new Promise(setImmediate)
      }
      await writing
      return half
    },
  },
  {
    id: 'a-cleared-flow-forgets-its-count',
    breaks: 'clearing a mark deletes the retry count of that flow, too',
    from: 'a cleanup by flow that went through every table',
    killedBy: 'only-one-record/saga',
    wrap: over(({ saga, intentRetry }) => ({
      saga: {
        async clearDirty(dfid) {
          await saga.clearDirty(dfid)
          await intentRetry.delete(dfid)
        },
      },
    })),
    async witness({ saga, intentRetry }) {
      await intentRetry.setCount('w', 1)
      await saga.clearDirty('w')
      return (await intentRetry.getCount('w')) === 0
    },
  },
  {
    id: 'a-count-keeps-its-first-time',
    breaks: 'the time of a count is that of its first write',
    from: 'ON CONFLICT DO UPDATE that left a column out',
    killedBy: 'times/are-those-of-the-write',
    wrap: overShared(
      () => new Map<string, string>(),
      (sound, first) => ({
        async *exportRecords() {
          for await (const record of sound.exportRecords()) {
            if (record.type !== 'retryCount') yield record
            else {
              const updatedAt = first.get(record.dfid) ?? record.updatedAt
              first.set(record.dfid, updatedAt)
              yield { ...record, updatedAt }
            }
          }
        },
      }),
    ),
    async witness(storage) {
      const time = async () => {
        const records = await Array.fromAsync(storage.exportRecords())
        return records.flatMap((record) => (record.type === 'retryCount' ? [record.updatedAt] : []))[0]
      }
      await storage.intentRetry.setCount('w', 1)
      const before = await time()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await storage.intentRetry.setCount('w', 2)
      return (await time()) === before
    },
  },
  {
    id: 'a-crowd-increments-in-two-steps',
    breaks: 'beyond thirty-two calls at once, an increment reads and writes in two steps',
    from: 'a way out for overload that forgot the lock',
    killedBy: 'many-callers/increment',
    wrap: over(({ intentRetry }) => {
      let running = 0
      return {
        intentRetry: {
          async increment(dfid) {
            running++
            try {
              if (running <= 32) return await intentRetry.increment(dfid)
              const count = (await intentRetry.getCount(dfid)) + 1
              await intentRetry.setCount(dfid, count)
              return count
            } finally {
              running--
            }
          },
        },
      }
    }),
    async witness({ intentRetry }) {
      await Promise.all(range(64).map(() => intentRetry.increment('w')))
      return (await intentRetry.getCount('w')) < 64
    },
  },
  {
    id: 'readers-share-their-filter',
    breaks: 'readers of one handle all go on with the flow of the one that began last',
    from: 'a cursor kept in the object that hands it out',
    killedBy: 'iterators/of-events-may-stop-and-run-side-by-side',
    wrap: over(({ decisionAudit }) => {
      let latest: string | undefined
      return {
        decisionAudit: {
          async *events(filter: EventFilter = {}) {
            latest = filter.dfid
            for await (const event of decisionAudit.events(filter))
              if (latest === undefined || event.dfid === latest) yield event
          },
        },
      }
    }),
    async witness({ decisionAudit }) {
      await decisionAudit.recordMany(['a', 'b', 'a'].map((dfid) => ({ dfid, event: 'E' })))
      const all = decisionAudit.events()[Symbol.asyncIterator]()
      await all.next()
      await Array.fromAsync(decisionAudit.events({ dfid: 'b' }))
      await all.next()
      return (await all.next()).done === true
    },
  },
  {
    id: 'tokens-known-where-they-were-given',
    breaks: 'a claim can only be renewed and ended on the handle that made it',
    from: 'tokens kept in the memory of a process',
    killedBy: 'idempotency/claim-runs-to-its-result',
    wrap: over(({ idempotency }) => {
      const given = new Set<string>()
      return {
        idempotency: {
          async claim(key, options) {
            const claim = await idempotency.claim(key, options)
            if (claim.state === 'started' || claim.state === 'ambiguous') given.add(claim.token)
            return claim
          },
          renewClaim: async (key, token, leaseSec) =>
            given.has(token) && idempotency.renewClaim(key, token, leaseSec),
          complete: async (key, token, result) =>
            (given.has(token) || result === null) && idempotency.complete(key, token, result),
          abandon: async (key, token) => given.has(token) && idempotency.abandon(key, token),
        },
      }
    }),
    async witness({ idempotency }, open) {
      const claim = await idempotency.claim('w', { leaseSec: 60 })
      const other = await open()
      return claim.state === 'started' && !(await other.idempotency.complete('w', claim.token, {}))
    },
  },
]
