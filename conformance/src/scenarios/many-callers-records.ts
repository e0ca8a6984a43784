import type { StorageHandle } from '@dir/storage-core'
import { CALLERS, type Verb, count, sorted, upTo } from './many-callers-kit.ts'

const tokens = new Map<string, string>()

async function claimed({ idempotency }: StorageHandle, id: string): Promise<void> {
  const claim = await idempotency.claim(id, { leaseSec: 600 })
  if (claim.state === 'started') tokens.set(id, claim.token)
}

/** Verbs on one record. */
export const RECORD_VERBS: readonly Verb[] = [
  {
    words: 'increment',
    protocols: ['intentRetry'],
    act: ({ intentRetry }, id) => intentRetry.increment(id),
    sum: async (answers, { intentRetry }, id) => [sorted(answers), await intentRetry.getCount(id)],
    expected: [upTo(CALLERS), CALLERS],
  },
  {
    words: 'compare-and-set-session',
    protocols: ['context'],
    act: ({ context }, id, n) => context.compareAndSetSession(id, null, `${n}`),
    sum: async (answers, { context }, id) => [
      count(answers, true),
      (await context.getSession(id)) === String(answers.indexOf(true)),
    ],
    expected: [1, true],
  },
  {
    words: 'compare-and-set-state',
    protocols: ['context'],
    prepare: ({ context }, id) => context.setState(id, '"before"'),
    act: ({ context }, id, n) => context.compareAndSetState(id, '"before"', `${n}`),
    sum: async (answers, { context }, id) => [
      count(answers, true),
      (await context.getState(id)) === String(answers.indexOf(true)),
    ],
    expected: [1, true],
  },
  {
    words: 'set-if-absent',
    protocols: ['idempotency'],
    act: ({ idempotency }, id, n) => idempotency.setIfAbsent(id, { n }),
    async sum(answers, { idempotency }, id) {
      const told = answers as { stored: boolean; result: unknown }[]
      const winner = told.findIndex(({ stored }) => stored)
      const results = told.map(({ result }) => result)
      return [
        told.filter(({ stored }) => stored).length,
        count(results, { n: winner }),
        count([await idempotency.get(id)], { n: winner }),
      ]
    },
    expected: [1, CALLERS, 1],
  },
  {
    words: 'claim',
    protocols: ['idempotency'],
    act: async ({ idempotency }, id) => (await idempotency.claim(id, { leaseSec: 600 })).state,
    sum: async (answers) => [count(answers, 'started'), count(answers, 'inFlight')],
    expected: [1, CALLERS - 1],
  },
  {
    words: 'renew-claim',
    protocols: ['idempotency'],
    prepare: claimed,
    act: ({ idempotency }, id, n) => idempotency.renewClaim(id, tokens.get(id) ?? '', 600 + n),
    sum: async (answers, { idempotency }, id) => [
      count(answers, true),
      await idempotency.complete(id, tokens.get(id) ?? '', {}),
    ],
    expected: [CALLERS, true],
  },
  {
    words: 'complete',
    protocols: ['idempotency'],
    prepare: claimed,
    act: ({ idempotency }, id, n) => idempotency.complete(id, tokens.get(id) ?? '', { n }),
    sum: async (answers, { idempotency }, id) => [
      count(answers, true),
      count([await idempotency.get(id)], { n: answers.indexOf(true) }),
    ],
    expected: [1, 1],
  },
  {
    words: 'abandon',
    protocols: ['idempotency'],
    prepare: claimed,
    act: ({ idempotency }, id) => idempotency.abandon(id, tokens.get(id) ?? ''),
    sum: async (answers) => count(answers, true),
    expected: 1,
  },
]
