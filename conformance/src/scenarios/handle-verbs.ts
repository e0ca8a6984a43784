import { PROTOCOLS, type Protocol, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, last } from './kit.ts'

/** Calls that are all issued at once, and the answer of the last. */
type Row = readonly [Protocol, what: string, act: () => Promise<unknown>, answer: unknown]

const verbs = (storage: StorageHandle, one: string): readonly Row[] => {
  const { context, idempotency, decisionAudit, resourceLock, intentRetry, escalation, lifecycle } = storage
  return [
    [
      'context',
      'a swap issued before the write',
      () => {
        const early = context.compareAndSetSession(one, '1', '2')
        return last(context.setSession(one, '1'), early)
      },
      false,
    ],
    [
      'context',
      'compareAndSetSession',
      () =>
        last(
          context.setSession(one, '3'),
          context.compareAndSetSession(one, '3', '4'),
          context.compareAndSetSession(one, '4', '5'),
          context.getSession(one),
        ),
      '5',
    ],
    [
      'context',
      'compareAndSetState',
      () =>
        last(
          context.setState(one, '3'),
          context.compareAndSetState(one, '3', '4'),
          context.compareAndSetState(one, '4', '5'),
          context.getState(one),
        ),
      '5',
    ],
    [
      'idempotency',
      'setIfAbsent',
      () => last(idempotency.set(one, { n: 1 }), idempotency.setIfAbsent(one, { n: 2 })),
      { stored: false, result: { n: 1 }, resultJson: '{"n": 1}' },
    ],
    [
      'decisionAudit',
      'events',
      () =>
        last(
          decisionAudit.recordMany([{ dfid: one, event: 'E' }]),
          Array.fromAsync(decisionAudit.events({ dfid: one }), ({ event }) => event),
        ),
      ['E'],
    ],
    [
      'resourceLock',
      'getHolds',
      () =>
        last(
          resourceLock.acquire(one, { [one]: 1 }, 0),
          resourceLock.getHolds({ resourceId: one }).then((holds) => holds.map(({ amount }) => amount)),
        ),
      [1],
    ],
    ['intentRetry', 'increment', () => last(intentRetry.setCount(one, 5), intentRetry.increment(one)), 6],
    [
      'escalation',
      'tryConsumeBudget',
      () =>
        last(
          escalation.recordBudgetToken(one),
          escalation.tryConsumeBudget(one, { limit: 9, windowSec: 60 }),
        ),
      { granted: true, used: 2 },
    ],
    [
      'lifecycle',
      'getCurrentStatus',
      () => last(lifecycle.transition(one, null, 'A'), lifecycle.getCurrentStatus(one)),
      'A',
    ],
  ]
}

/** A call that is refused with this code, and one like it that is not. */
type Refused = readonly [Protocol, code: string, bad: () => Promise<unknown>, good: () => Promise<unknown>]

const refusals = (storage: StorageHandle, one: string, full: string): readonly Refused[] => {
  const { context, decisionAudit, resourceLock, intentRetry, escalation, lifecycle } = storage
  const capacities = { [one]: 1 }
  return [
    [
      'context',
      'false',
      () => context.compareAndSetSession(one, '2', '3'),
      () => context.setSession(one, '1'),
    ],
    [
      'intentRetry',
      'STORAGE_INVALID_ARGUMENT',
      () => intentRetry.increment(full),
      () => intentRetry.increment(one),
    ],
    [
      'resourceLock',
      'STORAGE_INSUFFICIENT_CAPACITY',
      () => resourceLock.acquireBatch(full, { [one]: 2 }, 0, { capacities }),
      () => resourceLock.acquireBatch(one, { [one]: 1 }, 0, { capacities }),
    ],
    [
      'decisionAudit',
      'STORAGE_INVALID_ARGUMENT',
      () =>
        decisionAudit.recordMany([
          { dfid: one, event: 'never' },
          { dfid: '', event: 'E' },
        ]),
      () => decisionAudit.record(one, 'good'),
    ],
    [
      'escalation',
      'false',
      () => escalation.resolveRequest(full, '2026-03-01', 'x', null),
      () => escalation.recordBudgetToken(one),
    ],
    [
      'lifecycle',
      'false',
      () => lifecycle.transition(full, 'A', 'B'),
      () => lifecycle.recordTransition(one, null, 'A'),
    ],
  ]
}

/** What the calls that are not refused leave of `one`, each made twice. */
async function left(storage: StorageHandle, protocol: Protocol, one: string): Promise<unknown> {
  if (protocol === 'context') return storage.context.getSession(one)
  if (protocol === 'intentRetry') return storage.intentRetry.getCount(one)
  if (protocol === 'resourceLock') {
    const holds = await storage.resourceLock.getHolds({ resourceId: one })
    return holds.map(({ dfid, amount }) => [dfid, amount])
  }
  if (protocol === 'decisionAudit')
    return (await storage.decisionAudit.eventsForDfid(one)).map(({ event }) => event)
  if (protocol === 'escalation') return storage.escalation.getWindowCount(one, '2000-01-01')
  return (await storage.lifecycle.getTransitions(one)).length
}

const LEFT: { readonly [P in Protocol]?: (one: string) => unknown } = {
  context: () => '1',
  intentRetry: () => 2,
  resourceLock: (one) => [[one, 1]],
  decisionAudit: () => ['good', 'good'],
  escalation: () => 2,
  lifecycle: () => 2,
}

const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    (answer) => (answer === false ? 'false' : 'taken'),
    (error: { code?: string }) => String(error.code),
  )

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: 'any' }, [
  {
    id: 'handle/verbs-see-earlier-writes',
    title: 'an atomic verb judges what the calls issued before it on the same handle leave behind',
    clause: 'writes take effect in the order in which they were issued',
    asserts: 9,
    async run({ storage, protocols, id, assert }) {
      for (const [protocol, what, act, answer] of verbs(storage, id('one')))
        if (protocols.includes(protocol)) assert.equal(await act(), answer, what)
    },
  },
  {
    id: 'handle/a-refusal-touches-no-other-call',
    title: 'a call that is refused leaves the calls issued beside it as they are',
    clause: 'a refusal of one request touches no other of its batch',
    asserts: 7,
    async run({ storage, protocols, id, assert }) {
      const [one, full] = [id('one'), id('full')]
      if (protocols.includes('intentRetry')) await storage.intentRetry.setCount(full, 2_147_483_647)
      const rows = refusals(storage, one, full).filter(([protocol]) => protocols.includes(protocol))
      const outcomes = await Promise.all(
        rows.flatMap(([, , bad, good]) => [bad, good, bad, good].map((call) => outcomeOf(call()))),
      )
      const expected = rows.flatMap(([, code]) => [code, 'taken', code, 'taken'])
      if (rows.length > 0) assert.equal(outcomes, expected, 'which were refused')
      for (const protocol of PROTOCOLS.filter((name) => rows.some(([own]) => own === name)))
        assert.equal(await left(storage, protocol, one), LEFT[protocol]?.(one), `what is left in ${protocol}`)
    },
  },
])
