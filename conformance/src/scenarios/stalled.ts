import type { StorageErrorLike } from '../assert.ts'
import { same } from '../same.ts'
import type { Scenario } from '../scenario.ts'
import { group, until } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'

const DEADLINE_MS = 500
/** What an answer may come late: less would blame a busy machine, and who waits for seconds waits for the store. */
const LATE_MS = 2_000

type Outcome = 'taken' | 'late' | StorageErrorLike['outcome'] | undefined

export const scenarios: readonly Scenario[] = group({ level: 'shared', protocols: 'any', uses: ['stall'] }, [
  {
    id: 'stalled/writes-settle-by-their-deadline',
    title: 'while the store is held up every write ends with its deadline, and says what is known of it',
    clause: 'operationTimeoutMs: the deadline of every call; outcome not-applied only where that is sure',
    needs: 'empty',
    asserts: 20,
    async run({ storage, protocols, open, stall, assert }) {
      const kinds = RECORD_KINDS.filter(({ protocol }) => protocols.includes(protocol))
      const hasty = await open({ operationTimeoutMs: DEADLINE_MS })
      // a first write may take a connection, or the plan of a statement, that is not to be measured here
      await until(
        () =>
          Promise.all(kinds.map((kind) => kind.write(hasty, 'first', 1, 'other'))).then(Boolean, () => false),
        Boolean,
      )
      const release = await stall()
      const writes = kinds.map((kind, n): Promise<Outcome> =>
        kind.write(hasty, `mine ${n}`, 2, `other ${n}`).then(
          (answer) => (answer === false ? 'not-applied' : 'taken'),
          (error: Partial<StorageErrorLike>) => error.outcome,
        ),
      )
      const timer = Promise.withResolvers<'late'>()
      const late = setTimeout(() => timer.resolve('late'), DEADLINE_MS + LATE_MS)
      const outcomes = await Promise.all(writes.map((write) => Promise.race([write, timer.promise])))
      clearTimeout(late)
      await release()
      const names = kinds.map(({ name }) => name)
      assert.equal(
        names.filter((_, n) => outcomes[n] === 'late'),
        [],
        `what had not settled ${LATE_MS} ms after its deadline`,
      )
      assert.equal(
        names.filter((_, n) => !['taken', 'unknown', 'not-applied'].includes(outcomes[n] ?? '')),
        [],
        'what was refused without a word about its outcome',
      )
      for (const [n, kind] of kinds.entries()) {
        let tries = 0
        const again = () => kind.write(storage, `after ${++tries}`, 3, 'others').then(() => true)
        await until(() => again().catch(() => false), Boolean)
        const after = await kind.read(storage, `after ${tries}`, 'others')
        assert.equal(after, kind.after(3), `${kind.name}: a write after that`)
        const seen = await kind.read(storage, `mine ${n}`, `other ${n}`)
        const there = same(seen, kind.after(2))
        const absent = same(seen, kind.after())
        if (outcomes[n] === 'taken') assert.ok(there, `${kind.name}: what was acknowledged is there`)
        else if (kind.name === 'escalation/token') continue // several writes, each with an outcome of its own
        else if (outcomes[n] === 'not-applied') assert.ok(absent, `${kind.name}: what was not applied is not`)
        else assert.ok(there || absent, `${kind.name}: whole or absent`)
      }
    },
  },
])
