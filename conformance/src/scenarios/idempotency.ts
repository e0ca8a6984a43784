import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['idempotency'] }, [
    {
      id: 'idempotency/set-replaces-the-whole-result',
      title: 'set replaces the whole result, and an empty one is not an absent one',
      clause: 'set: last writer wins; get → object or null',
      asserts: 3,
      async run({ storage: { idempotency }, id, assert }) {
        const key = id('key')
        await idempotency.set(key, { price: 1, note: 'first' })
        await idempotency.set(key, { price: 2 })
        assert.equal(await idempotency.get(key), { price: 2 }, 'the second result, nothing of the first')
        await idempotency.set(key, {})
        assert.equal(await idempotency.get(key), {}, 'an empty result')
        await idempotency.set(key, { price: null })
        assert.equal(await idempotency.get(key), { price: null }, 'a result again')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: 'idempotency/set-if-absent-keeps-the-first-result',
      title: 'setIfAbsent stores the first result, and tells every later caller that one',
      clause:
        "setIfAbsent → { stored, result, resultJson }: first writer wins, everyone gets the winner's result",
      asserts: 6,
      async run({ storage: { idempotency }, id, assert }) {
        const [key, other] = [id('key'), id('other')]
        const first = { n: 1, left: undefined, nan: Number.NaN }
        const stored = { n: 1, nan: 'NaN' }
        const standing = { result: stored, resultJson: '{"n": 1, "nan": "NaN"}' }
        assert.equal(
          await idempotency.setIfAbsent(key, first),
          { stored: true, ...standing },
          'the first, as it was encoded',
        )
        assert.equal(
          await idempotency.setIfAbsent(key, { n: 2 }),
          { stored: false, ...standing },
          'the second gets the first',
        )
        assert.equal(await idempotency.get(key), stored, 'the stored result')
        await idempotency.set(key, {})
        assert.equal(
          await idempotency.setIfAbsent(key, { n: 3 }),
          { stored: false, result: {}, resultJson: '{}' },
          'an empty result is one',
        )
        assert.equal(await idempotency.get(other), null, 'another key')
        assert.equal(
          await idempotency.setIfAbsent(other, { n: 4 }),
          { stored: true, result: { n: 4 }, resultJson: '{"n": 4}' },
          'the first of another key',
        )
      },
    },
  ]),
]
