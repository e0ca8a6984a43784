import { type Subject, pick, same, subject } from './subject.ts'

/** Counting: `increment` among sets, deletes and reads. */
const counter = subject<
  number,
  { readonly call: 'increment' | 'get' | 'set' | 'delete'; readonly to: number }
>({
  name: 'counter',
  title: 'a retry count takes concurrent increments, sets and deletes one at a time',
  protocol: 'intentRetry',
  capabilities: ['increment'],
  initial: 0,
  draw: (random) => ({
    call: pick(random, ['increment', 'increment', 'increment', 'increment', 'get', 'get', 'set', 'delete']),
    to: Math.floor(random() * 50),
  }),
  async perform({ intentRetry }, id, { call, to }) {
    if (call === 'increment') return intentRetry.increment(id)
    if (call === 'get') return intentRetry.getCount(id)
    await (call === 'set' ? intentRetry.setCount(id, to) : intentRetry.delete(id))
    return null
  },
  step(count, { input: { call, to }, output }) {
    if (call === 'get') return output === undefined || output === count ? count : undefined
    if (call === 'set') return to
    if (call === 'delete') return 0
    return output === undefined || output === count + 1 ? count + 1 : undefined
  },
  key: String,
})

/** First writer wins. */
const firstWriter = subject<string | null, { readonly writes: string | null }>({
  name: 'first-writer',
  title: 'of several first results of one key one stands, and everybody is told that one',
  protocol: 'idempotency',
  capabilities: ['setIfAbsent'],
  initial: null,
  draw: (random, client, { length }) => ({ writes: random() < 0.6 ? `${client}.${length}` : null }),
  async perform({ idempotency }, id, { writes }) {
    if (writes === null) return (await idempotency.get(id))?.['by'] ?? null
    const { stored, result } = await idempotency.setIfAbsent(id, { by: writes })
    return [stored, result['by']]
  },
  step(by, { input: { writes }, output }) {
    if (writes === null) return output === undefined || output === by ? by : undefined
    const stands = by ?? writes
    return output === undefined || same(output, [by === null, stands]) ? stands : undefined
  },
  key: String,
})

/** A session that is compared and set. */
const session = subject<
  string | null,
  { readonly call: 'compareAndSet' | 'set' | 'get'; readonly expected: string | null; readonly to: string }
>({
  name: 'compare-and-set',
  title: 'a session that is compared and set by several clients never loses a change',
  protocol: 'context',
  capabilities: ['compareAndSet'],
  initial: null,
  draw: (random, _, answers) => ({
    call: pick(random, ['compareAndSet', 'compareAndSet', 'compareAndSet', 'get', 'get', 'set']),
    // most often what was last read, else a guess
    expected: random() < 0.7 ? lastText(answers) : pick(random, [null, '0', '1', '2']),
    to: pick(random, ['0', '1', '2']),
  }),
  async perform({ context }, id, { call, expected, to }) {
    if (call === 'get') return context.getSession(id)
    if (call === 'compareAndSet') return context.compareAndSetSession(id, expected, to)
    await context.setSession(id, to)
    return 'written'
  },
  step(text, { input: { call, expected, to }, output }) {
    if (call === 'set') return to
    if (call === 'get') return output === undefined || output === text ? text : undefined
    const applies = text === expected
    return output === undefined || output === applies ? (applies ? to : text) : undefined
  },
  key: String,
})

function lastText(answers: readonly unknown[]): string | null {
  const last = answers.findLast(
    (answer) => answer === null || (typeof answer === 'string' && answer !== 'written'),
  )
  return (last as string | null | undefined) ?? null
}

/** A flow's status. */
const status = subject<string | null, { readonly from: string | null; readonly to: string | null }>({
  name: 'status',
  title: 'of several transitions from one status one is recorded',
  protocol: 'lifecycle',
  capabilities: ['transition'],
  initial: null,
  draw: (random, _, answers) => ({
    // most often what was last read, else a guess
    from: random() < 0.7 ? lastText(answers) : pick(random, [null, 'A', 'B', 'C']),
    to: random() < 0.6 ? pick(random, ['A', 'B', 'C']) : null,
  }),
  perform: ({ lifecycle }, id, { from, to }) =>
    to === null ? lifecycle.getCurrentStatus(id) : lifecycle.transition(id, from, to),
  step(current, { input: { from, to }, output }) {
    if (to === null) return output === undefined || output === current ? current : undefined
    const applies = current === from
    return output === undefined || output === applies ? (applies ? to : current) : undefined
  },
  key: String,
})

const LIMIT = 40

/** A budget that some calls exceed. */
const budget = subject<number, null>({
  name: 'budget',
  title: 'a budget grants exactly its limit, whoever asks',
  protocol: 'escalation',
  capabilities: ['budget'],
  initial: 0,
  draw: () => null,
  async perform({ escalation }, id) {
    const { granted, used } = await escalation.tryConsumeBudget(id, { limit: LIMIT, windowSec: 3600 })
    return [granted, used]
  },
  step(used, { output }) {
    const next = Math.min(used + 1, LIMIT)
    return output === undefined || same(output, [used < LIMIT, next]) ? next : undefined
  },
  key: String,
})

export const REGISTERS: readonly Subject[] = [counter, firstWriter, session, status, budget]
