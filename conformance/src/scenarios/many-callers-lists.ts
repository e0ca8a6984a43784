import { PROTOCOLS } from '@dir/storage-core'
import { range } from './kit.ts'
import { CALLERS, type Verb, code, count, sorted, upTo } from './many-callers-kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** Verbs on what is listed, summed or counted, and batches. */
export const LIST_VERBS: readonly Verb[] = [
  {
    words: 'transition',
    protocols: ['lifecycle'],
    act: ({ lifecycle }, id, n) => lifecycle.transition(id, null, `S${n}`),
    sum: async (answers, { lifecycle }, id) => [
      count(answers, true),
      (await lifecycle.getTransitions(id)).map(({ toStatus }) => toStatus === `S${answers.indexOf(true)}`),
    ],
    expected: [1, [true]],
  },
  {
    words: 'try-consume-budget',
    protocols: ['escalation'],
    act: ({ escalation }, id) => escalation.tryConsumeBudget(id, { limit: 10, windowSec: 3_600 }),
    async sum(answers, { escalation }, id) {
      const told = answers as { granted: boolean; used: number }[]
      const granted = told.filter((one) => one.granted).map(({ used }) => used)
      const refused = told.filter((one) => !one.granted).map(({ used }) => used)
      return [
        sorted(granted),
        new Set(refused).size,
        refused[0],
        await escalation.getWindowCount(id, '2000-01-01'),
      ]
    },
    expected: [upTo(10), 1, 10, 10],
  },
  {
    words: 'request-within-budget',
    protocols: ['escalation'],
    act: ({ escalation }, id, n) =>
      escalation.requestWithinBudget(aRequest(`${id} ${n}`, id), { limit: 10, windowSec: 3_600 }),
    async sum(answers, { escalation }, id) {
      const granted = (answers as { granted: boolean }[]).flatMap((one, n) =>
        one.granted ? [`${id} ${n}`] : [],
      )
      const pending = (await escalation.getPendingRequests()).filter(({ agentId }) => agentId === id)
      const wanted = JSON.stringify(granted.toSorted())
      return [granted.length, JSON.stringify(pending.map(({ dfid }) => dfid).toSorted()) === wanted]
    },
    expected: [10, true],
  },
  {
    words: 'resolve-request',
    protocols: ['escalation'],
    prepare: ({ escalation }, id) => escalation.insertRequest(aRequest(id, id)),
    act: ({ escalation }, id, n) => escalation.resolveRequest(id, '2026-03-01', `${n}`, null),
    sum: async (answers) => count(answers, true),
    expected: 1,
  },
  {
    words: 'acquire',
    protocols: ['resourceLock'],
    act: ({ resourceLock }, id, n) =>
      code(resourceLock.acquireBatch(`${id} ${n}`, { [id]: 1.5 }, 30, { capacities: { [id]: 15 } })),
    sum: async (answers, { resourceLock }, id) => [
      count(answers, true),
      count(answers, 'STORAGE_INSUFFICIENT_CAPACITY'),
      await resourceLock.getLockedAmount(id, null),
      new Set((await resourceLock.getHolds({ resourceId: id })).map(({ fence }) => fence)).size,
    ],
    expected: [10, CALLERS - 10, 15, 10],
  },
  {
    words: 'record-many',
    protocols: ['decisionAudit'],
    act: ({ decisionAudit }, dfid, n) =>
      decisionAudit.recordMany(range(3).map((m) => ({ dfid, event: `${n}.${m}` }))),
    async sum(answers, { decisionAudit }, id) {
      const events = await decisionAudit.eventsForDfid(id)
      const inOrder = (answers as number[][]).toSorted(([a = 0], [b = 0]) => a - b)
      const names = inOrder.flatMap((seqs) => range(3).map((m) => `${answers.indexOf(seqs)}.${m}`))
      return [
        JSON.stringify(events.map(({ seq }) => seq)) === JSON.stringify(inOrder.flat()),
        JSON.stringify(events.map(({ event }) => event)) === JSON.stringify(names),
        inOrder.every((seqs) => seqs[2] === (seqs[0] ?? 0) + 2),
      ]
    },
    expected: [true, true, true],
  },
  {
    words: 'recordings',
    protocols: ['decisionAudit', 'lifecycle', 'saga', 'escalation', 'agentRegistry'],
    act: ({ decisionAudit, lifecycle, saga, escalation, agentRegistry }, id, n) =>
      Promise.all([
        decisionAudit.record(id, `${n}`),
        lifecycle.recordTransition(id, null, `${n}`),
        saga.markDirty(`${id} ${n % 8}`, `${n}`, '{}'),
        escalation.recordBudgetToken(id),
        agentRegistry.upsertAgent(anAgent(`${id} ${n}`)),
      ]),
    async sum(_, { decisionAudit, lifecycle, saga, escalation, agentRegistry }, id) {
      const mine = (one: string): boolean => one.startsWith(`${id} `)
      return [
        new Set((await decisionAudit.eventsForDfid(id)).map(({ event }) => event)).size,
        new Set((await lifecycle.getTransitions(id)).map(({ toStatus }) => toStatus)).size,
        (await saga.getDirtyFlows()).filter(mine).length,
        await escalation.getWindowCount(id, '2000-01-01'),
        (await agentRegistry.listActiveAgents()).filter(mine).length,
      ]
    },
    expected: [CALLERS, CALLERS, 8, CALLERS, CALLERS],
  },
  {
    words: 'batches',
    protocols: PROTOCOLS,
    capabilities: ['atomically', 'compareAndSet', 'increment'],
    act: (storage, id, n) =>
      code(
        storage.atomically((batch) => {
          batch.context.compareAndSetSession(id, null, `${n}`)
          batch.intentRetry.increment(id)
          batch.decisionAudit.record(id, `${n}`)
        }),
      ),
    sum: async (answers, { context, intentRetry, decisionAudit }, id) => {
      const winner = answers.findIndex((answer) => Array.isArray(answer))
      return [
        count(answers, 'STORAGE_CONFLICT'),
        (await context.getSession(id)) === String(winner),
        await intentRetry.getCount(id),
        (await decisionAudit.eventsForDfid(id)).map(({ event }) => event === String(winner)),
      ]
    },
    expected: [CALLERS - 1, true, 1, [true]],
  },
]
