import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { checkRefusals } from '../linear/judge.ts'
import type { Scenario } from '../scenario.ts'
import { PROCESSES, group, range } from './kit.ts'
import { decide, grab, incrementMany, mergeMany, runEach, spend, toJob, writeFirst } from './process-jobs.ts'

/** The holds of each resource, summed, as one snapshot shows them. */
async function sums({ resourceLock }: StorageHandle, resources: readonly string[]): Promise<number[]> {
  const holds = await resourceLock.getHolds()
  return resources.map((one) =>
    holds.reduce((sum, { resourceId, amount }) => sum + (resourceId === one ? (amount ?? NaN) : 0), 0),
  )
}

export const scenarios: readonly Scenario[] = group({ level: 'shared', protocols: [] }, [
  {
    id: 'processes/capacity-is-never-overbooked',
    title: 'five processes never hold more of three resources than there is, whenever one looks',
    clause: 'acquire with capacities is one atomic step',
    protocols: ['resourceLock'],
    capabilities: ['capacities', 'processes'],
    needs: 'empty',
    asserts: 20,
    async run({ storage, processes, id, assert }) {
      const resources = [id('a'), id('b'), id('c')]
      const capacity = 12
      const job = toJob(grab, { resources, capacity, attempts: 60 })
      const running = await processes.start(range(PROCESSES).map(() => job))
      for (const one of running) one.go()
      let busy = true
      const answers = Promise.all(running.map(({ answer }) => answer)).finally(() => (busy = false))
      const look = async (): Promise<void> => {
        const seen = await sums(storage, resources)
        assert.ok(
          seen.every((sum) => sum <= capacity),
          `no more than ${capacity} of each is held, and not ${seen.join(', ')}`,
        )
      }
      answers.catch(() => {}) // awaited below, unless what is seen meanwhile fails already
      while (busy) {
        await look()
        await sleep(2)
      }
      checkRefusals(((await answers) as string[][]).flat())
      for (let left = 20; left > 0; left--) await look()
    },
  },
  {
    id: 'processes/increments-are-not-lost',
    title: 'increments of five processes all count, and each is told a count of its own',
    clause: 'increment is one atomic step',
    protocols: ['intentRetry'],
    capabilities: ['increment', 'processes'],
    asserts: 2,
    async run({ storage, processes, id, assert }) {
      const dfid = id('flow')
      const job = toJob(incrementMany, { dfid, times: 80 })
      const counts = ((await processes.run(range(PROCESSES).map(() => job))) as number[][]).flat()
      assert.equal(
        await storage.intentRetry.getCount(dfid),
        PROCESSES * 80,
        'the count is that of all increments',
      )
      assert.equal(
        counts.sort((a, b) => a - b),
        range(PROCESSES * 80).map((n) => n + 1),
        'each increment was told another count',
      )
    },
  },
  {
    id: 'processes/one-first-result',
    title: 'of five processes one writes the first result of a key, and all are told it',
    clause: 'setIfAbsent: the first writer wins',
    protocols: ['idempotency'],
    capabilities: ['setIfAbsent', 'processes'],
    asserts: 40,
    async run({ processes, id, assert }) {
      const keys = range(40).map(() => id('key'))
      const told = (await processes.run(range(PROCESSES).map(() => toJob(writeFirst, { keys })))) as {
        stored: boolean
        by: unknown
      }[][]
      for (const index of keys.keys()) {
        const winner = told.findIndex((answers) => answers[index]?.stored === true)
        assert.equal(
          told.map((answers) => answers[index]),
          range(PROCESSES).map((n) => ({ stored: n === winner, by: winner })),
          'one process stored its result, and all were told that one',
        )
      }
    },
  },
  {
    id: 'processes/effects-run-once',
    title: 'an effect that five processes want runs in one of them',
    clause: 'claim is given to one at a time; runOnce',
    protocols: ['idempotency', 'decisionAudit'],
    capabilities: ['claim', 'processes'],
    asserts: 16,
    async run({ storage, processes, id, assert }) {
      const keys = range(15).map(() => id('effect'))
      const results = (await processes.run(
        range(PROCESSES).map(() => toJob(runEach, { keys })),
      )) as unknown[][]
      for (const key of keys)
        assert.equal((await storage.decisionAudit.eventsForDfid(key)).length, 1, 'the effect ran once')
      assert.equal(
        results,
        range(PROCESSES).map(() => results[0]),
        'all were told the same results',
      )
    },
  },
  {
    id: 'processes/merges-are-not-lost',
    title: 'what five processes merge into one session is all there',
    clause: 'compareAndSetSession; updateSession never loses a merge',
    protocols: ['context'],
    capabilities: ['compareAndSet', 'processes'],
    asserts: 1,
    async run({ storage, processes, id, assert }) {
      const dfid = id('flow')
      await processes.run(range(PROCESSES).map(() => toJob(mergeMany, { dfid, times: 20 })))
      const merged = JSON.parse((await storage.context.getSession(dfid)) ?? '{}') as object
      const expected = range(PROCESSES).flatMap((index) => range(20).map((n) => [`${index}.${n}`, n]))
      assert.equal(merged, Object.fromEntries(expected), 'every merge is there')
    },
  },
  {
    id: 'processes/budget-is-never-exceeded',
    title: 'five processes are granted exactly the budget of each agent',
    clause: 'tryConsumeBudget and requestWithinBudget are one atomic step',
    protocols: ['escalation'],
    capabilities: ['budget', 'processes'],
    asserts: 2,
    async run({ storage, processes, id, assert }) {
      const agentIds = range(40).map(() => id('agent'))
      const limit = 4
      const job = toJob(spend, { agentIds, limit })
      const granted = (await processes.run(range(PROCESSES).map(() => job))) as number[][]
      const exactly = agentIds.map(() => limit)
      assert.equal(
        agentIds.map((_, agent) => granted.reduce((sum, answers) => sum + (answers[agent] ?? 0), 0)),
        exactly,
        'exactly the limit was granted to each agent',
      )
      const tokens = agentIds.map((agentId) => storage.escalation.getWindowCount(agentId, '2000-01-01'))
      assert.equal(await Promise.all(tokens), exactly, 'each grant is one token')
    },
  },
  {
    id: 'processes/one-decision-stands',
    title: 'of the decisions of five processes on one request one stands',
    clause: 'resolveRequest: the first human decision stands',
    protocols: ['escalation'],
    capabilities: ['processes'],
    asserts: 20,
    async run({ storage, processes, id, assert }) {
      const dfids = range(20).map(() => id('flow'))
      for (const dfid of dfids)
        await storage.escalation.insertRequest({
          dfid,
          agentId: dfid,
          reason: '',
          contextJson: '{}',
          proposalJson: '{}',
          impact: '',
        })
      const stand = (await processes.run(range(PROCESSES).map(() => toJob(decide, { dfids })))) as boolean[][]
      for (const index of dfids.keys())
        assert.equal(stand.filter((answers) => answers[index]).length, 1, 'one decision stands')
    },
  },
])
