import {
  type ClaimOptions,
  type IdempotencyStorage,
  type UnfinishedClaim,
  type UnfinishedFilter,
  runOnce,
} from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { TIME, group, until } from './kit.ts'

export const LONG = { leaseSec: 600 }
const SHORT = { leaseSec: 0.02 }

export const read = (effects: IdempotencyStorage, filter?: UnfinishedFilter): Promise<UnfinishedClaim[]> =>
  Array.fromAsync(effects.listClaims(filter))

export const keysOf = async (effects: IdempotencyStorage, filter?: UnfinishedFilter): Promise<string[]> =>
  (await read(effects, filter)).map(({ key }) => key)

export async function claimed(
  effects: IdempotencyStorage,
  key: string,
  options: ClaimOptions,
): Promise<string> {
  const claim = await effects.claim(key, options)
  return claim.state === 'started' ? claim.token : ''
}

/** Until so many claims have run out. */
const over = (effects: IdempotencyStorage, count: number): Promise<string[]> =>
  until(
    () => keysOf(effects, { state: 'ambiguous' }),
    (keys) => keys.length === count,
  )

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['idempotency'], needs: 'empty' },
  [
    {
      id: 'idempotency/claims-are-listed',
      title: 'listClaims gives the claims without a result, whole, the oldest first',
      clause: 'listClaims({ state?, dfid? }): claims without a result, by since, then key',
      asserts: 12,
      async run({ storage: { idempotency }, assert }) {
        assert.equal(await read(idempotency), [], 'an empty store')
        const lost = await claimed(idempotency, 'lost', {
          ...SHORT,
          dfid: 'a',
          stepId: 'pay',
          requestHash: 'h',
        })
        await over(idempotency, 1)
        await claimed(idempotency, 'plain', LONG)
        const done = await claimed(idempotency, 'done', { ...LONG, dfid: 'a' })
        const gone = await claimed(idempotency, 'gone', { ...LONG, dfid: 'a', stepId: 'old' })
        await claimed(idempotency, 'q', { ...LONG, dfid: 'b' })
        await claimed(idempotency, 'set', { ...LONG, dfid: 'a' })
        await claimed(idempotency, 'first', { ...LONG, dfid: 'a' })
        await idempotency.set('result', {})
        await idempotency.complete('done', done, {})
        await idempotency.abandon('gone', gone)
        await idempotency.set('set', {})
        await idempotency.setIfAbsent('first', {})
        const listed = await read(idempotency)
        assert.equal(
          listed.map(({ since, until: end, ...rest }) => rest),
          [
            { key: 'lost', state: 'ambiguous', token: lost, dfid: 'a', stepId: 'pay', requestHash: 'h' },
            { key: 'plain', state: 'inFlight', dfid: null, stepId: null },
            { key: 'q', state: 'inFlight', dfid: 'b', stepId: null },
          ],
          'the claims',
        )
        assert.ok(
          listed.every(({ since, until: end }) => TIME.test(since) && TIME.test(end) && since < end),
          'their times',
        )
        const [first, second] = [await idempotency.claim('lost', LONG), await idempotency.claim('q', LONG)]
        assert.equal(first.state === 'ambiguous' && first.since, listed[0]?.since, 'since, as claim tells it')
        assert.equal(
          second.state === 'inFlight' && second.until,
          listed[2]?.until,
          'until, as claim tells it',
        )
        const cases: readonly (readonly [UnfinishedFilter, readonly string[]])[] = [
          [{}, ['lost', 'plain', 'q']],
          [{ state: 'ambiguous' }, ['lost']],
          [{ state: 'inFlight' }, ['plain', 'q']],
          [{ dfid: 'a' }, ['lost']],
          [{ dfid: 'A' }, []],
          [{ state: 'inFlight', dfid: 'a' }, []],
        ]
        for (const [filter, keys] of cases)
          assert.equal(await keysOf(idempotency, filter), keys, JSON.stringify(filter))
        await claimed(idempotency, 'gone', { ...LONG, dfid: 'c', stepId: 'new' })
        const again = (await read(idempotency)).find(({ key }) => key === 'gone')
        assert.equal([again?.dfid, again?.stepId], ['c', 'new'], 'a claim made again')
      },
    },
    {
      id: 'idempotency/listed-claims-stay-what-they-are-for',
      title: 'a claim keeps its flow and step through renewals, and others that ask for it change nothing',
      clause: 'claim(key, { dfid?, stepId? }); renewClaim: when it was claimed stays as it was',
      asserts: 5,
      async run({ storage: { idempotency }, assert }) {
        const token = await claimed(idempotency, 'one', {
          ...SHORT,
          dfid: 'a',
          stepId: 'pay',
          requestHash: 'h',
        })
        await over(idempotency, 1)
        const [before] = await read(idempotency)
        await idempotency.claim('one', { ...LONG, dfid: 'b', stepId: 'other' })
        assert.equal(await read(idempotency), [before], 'after another that was told ambiguous')
        await idempotency.renewClaim('one', token, 600)
        const [renewed] = await read(idempotency)
        const { token: _, ...rest } = before as UnfinishedClaim
        assert.equal(renewed, { ...rest, state: 'inFlight', until: renewed?.until }, 'renewed')
        assert.equal(await keysOf(idempotency, { state: 'ambiguous' }), [], 'in flight again')
        await idempotency.claim('one', { ...LONG, dfid: 'b' })
        assert.equal(await read(idempotency), [renewed], 'after another that was told in flight')
        const seen = await runOnce(
          idempotency,
          'run',
          { ...LONG, dfid: 'a', stepId: 'run', requestHash: 'r' },
          async () => ({ listed: await read(idempotency) }),
        )
        const own = (seen.listed as readonly UnfinishedClaim[]).at(-1)
        assert.equal(
          [own?.key, own?.dfid, own?.stepId, own?.requestHash],
          ['run', 'a', 'run', 'r'],
          'of runOnce',
        )
      },
    },
  ],
)
