import { updateSession } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, race, range } from './kit.ts'

const parse = (json: string | null): number[] => (json === null ? [] : (JSON.parse(json) as number[]))

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['context'] }, [
  {
    id: 'update-session/merges-into-what-is-there',
    title: 'updateSession hands over the stored text or null, writes what it gets, and nothing for null',
    clause: 'updateSession: fn gets the text or null and returns the new text (null: write nothing)',
    asserts: 6,
    async run({ storage: { context }, id, assert }) {
      const dfid = id('flow')
      const seen: (string | null)[] = []
      const update = (text: string | null) =>
        updateSession(context, dfid, async (before) => {
          seen.push(before)
          return text
        })
      assert.equal(await update(null), null, 'nothing to write')
      assert.equal(await context.getSession(dfid), null, 'nothing written')
      assert.equal(await update(' {"n": 1.0}'), ' {"n": 1.0}', 'the first text')
      assert.equal(await update('2'), '2', 'the second text')
      assert.equal(seen, [null, null, ' {"n": 1.0}'], 'what was handed over')
      assert.equal(await context.getSession(dfid), '2', 'the stored text')
    },
  },
  {
    id: 'update-session/runs-again-on-newer-text',
    title: 'when another writer comes between, updateSession runs its function again on the newer text',
    clause: 'updateSession loops on compareAndSet; fn may run again; merges are never lost',
    asserts: 3,
    async run({ storage: { context }, open, id, assert }) {
      const dfid = id('flow')
      const other = (await open()).context
      const seen: (string | null)[] = []
      await updateSession(context, dfid, async (before) => {
        seen.push(before)
        if (seen.length < 3) await other.setSession(dfid, JSON.stringify([...parse(before), seen.length]))
        return JSON.stringify([...parse(before), 9])
      })
      assert.equal(seen, [null, '[1]', '[1,2]'], 'what was handed over')
      assert.equal(await context.getSession(dfid), '[1,2,9]', 'the stored text')
      const failure = new RangeError('no')
      const thrown = updateSession(context, dfid, () => Promise.reject(failure))
      assert.ok((await thrown.catch((error: unknown) => error)) === failure, 'what fn throws')
    },
  },
  {
    id: 'update-session/gives-up-in-time',
    title: 'updateSession rejects with ResourceContentionError when others always come between',
    clause: 'updateSession loops until the deadline',
    asserts: 2,
    async run({ storage: { context }, id, assert }) {
      const dfid = id('flow')
      let runs = 0
      const update = () =>
        updateSession(
          context,
          dfid,
          async (before) => {
            await context.setSession(dfid, String(++runs))
            return `[${before}]`
          },
          { timeoutSec: 0.05 },
        )
      await assert.rejects(update, 'STORAGE_RESOURCE_CONTENTION', 'never the expected text', {
        retryable: true,
      })
      assert.equal(await context.getSession(dfid), String(runs), 'the text of the other writer')
    },
  },
  {
    id: 'update-session/no-merge-is-lost',
    title: 'sixteen writers over four handles that merge into one session lose nothing',
    clause: 'updateSession: merges are never lost',
    asserts: 4,
    async run(scenario) {
      const { id, assert } = scenario
      const handles = await openHandles(scenario, 4)
      for (const rounds of [1, 2]) {
        const dfid = id('flow')
        await race(handles, async ({ context }, racer) => {
          for (const round of range(rounds))
            await updateSession(
              context,
              dfid,
              (before) => JSON.stringify([...parse(before), racer * 10 + round]),
              { timeoutSec: 20 },
            )
        })
        const merged = parse((await handles[0]?.context.getSession(dfid)) ?? null)
        const expected = range(16).flatMap((racer) => range(rounds).map((round) => racer * 10 + round))
        assert.equal(
          merged.toSorted((a, b) => a - b),
          expected,
          'what was merged',
        )
        const sameAsSeenElsewhere = parse((await handles[3]?.context.getSession(dfid)) ?? null)
        assert.equal(sameAsSeenElsewhere, merged, 'what another handle sees')
      }
    },
  },
])
