import { setTimeout as sleep } from 'node:timers/promises'
import { type EffectResult, type StorageHandle, runOnce } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, until } from './kit.ts'

const LONG = { leaseSec: 600 }

/** Longer than a close takes that waits for no effect. */
const PATIENCE_MS = 15_000

/** Begins an effect under a key, which goes on by `act` once it is let. */
function begin<T extends EffectResult>(
  { idempotency }: StorageHandle,
  key: string,
  leaseSec: number,
  act: () => Promise<T>,
) {
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const result = runOnce(idempotency, key, { leaseSec }, async () => {
    begun.resolve()
    await gate.promise
    return act()
  })
  result.catch(() => {}) // it is looked at later
  return { begun: Promise.race([begun.promise, result]), goOn: gate.resolve, result }
}

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['idempotency'], uses: ['close'] },
  [
    {
      id: 'handle/close-waits-for-effects',
      title:
        'close waits for an effect of runOnce, answers what is called in its course, and refuses all other calls',
      clause: 'close(): waits for effects under way, and answers what is called in their course',
      asserts: 6,
      async run({ storage, open, id, assert }) {
        const [key, note] = [id('key'), id('note')]
        const mine = await open()
        await mine.init()
        const effect = begin(mine, key, 6, async () => {
          await mine.idempotency.set(note, { n: 1 })
          const early = await storage.idempotency.claim(key, LONG)
          const late = await until(
            () => storage.idempotency.claim(key, LONG),
            (claim) => JSON.stringify(claim) !== JSON.stringify(early),
            60_000,
          )
          return { seen: [early.state, late.state] }
        })
        await effect.begun
        let isClosed = false
        const closed = mine.close({ drainMs: 120_000 }).then(() => (isClosed = true))
        await assert.rejects(() => mine.idempotency.get(key), 'STORAGE_CLOSED', 'another call')
        await assert.rejects(
          () => runOnce(mine.idempotency, id('new'), LONG, () => ({})),
          'STORAGE_CLOSED',
          'another effect',
        )
        assert.equal(isClosed, false, 'whether it is closed')
        effect.goOn()
        const result = await effect.result.catch((error: { code?: string }) => error.code)
        assert.equal(result, { seen: ['inFlight', 'inFlight'] }, 'renewed, then completed')
        await closed
        assert.equal(await storage.idempotency.get(note), { n: 1 }, 'what it wrote meanwhile')
        await assert.rejects(() => mine.idempotency.get(key), 'STORAGE_CLOSED', 'a call after that')
      },
    },
    {
      id: 'handle/close-waits-so-long-and-no-longer',
      title: 'an effect that takes longer than close waits is told that it may have happened',
      clause: 'close({ drainMs }): after the bound, runOnce rejects with AmbiguousError, outcome unknown',
      asserts: 5,
      async run({ storage, open, id, assert }) {
        const key = id('key')
        const mine = await open()
        await mine.init()
        const refused: unknown[] = []
        const effect = begin(mine, key, 600, async () => {
          await mine.idempotency.get(key).catch((error: { code?: string }) => refused.push(error.code))
          return { n: 1 }
        })
        await effect.begun
        const late = sleep(PATIENCE_MS, 'it still waits', { ref: false })
        assert.equal(await Promise.race([mine.close({ drainMs: 20 }), late]), undefined, 'close')
        effect.goOn()
        const error: unknown = await effect.result.catch((reason: unknown) => reason)
        const { code, outcome, token = '' } = error as Readonly<Record<string, string>>
        assert.equal(refused, ['STORAGE_CLOSED'], 'a call in its course, after that')
        assert.equal({ code, outcome }, { code: 'STORAGE_AMBIGUOUS', outcome: 'unknown' }, 'what it is told')
        assert.equal((await storage.idempotency.claim(key, LONG)).state, 'inFlight', 'nobody runs it again')
        assert.equal(await storage.idempotency.complete(key, token, { n: 1 }), true, 'the token ends it')
      },
    },
  ],
)
