import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, type StorageHandle, runOnce } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { LEASE } from './samples.ts'

const SHORTLY_MS = 200

/**
 * Closes a handle while an effect is under way that calls it a little later, or once it is closed. @returns whether that
 * call and the effect were answered.
 */
async function closedMeanwhile(handle: StorageHandle): Promise<boolean> {
  const [begun, closing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const effect = runOnce(handle.idempotency, 'w', LEASE, async () => {
    begun.resolve()
    await closing.promise
    await handle.idempotency.set('note', {})
    return {}
  })
  effect.catch(() => {}) // it is awaited later
  await begun.promise
  const closed = handle.close()
  await Promise.race([closed, sleep(SHORTLY_MS)])
  closing.resolve()
  await closed
  return effect.then(
    () => true,
    () => false,
  )
}

export const effectMutants: readonly Mutant[] = [
  {
    id: 'close-waits-for-no-effect',
    breaks: 'close ends the handle under effects that are under way',
    from: 'a pool that is drained of queries and not of those who make them',
    killedBy: 'handle/close-waits-for-effects',
    wrap: over((sound) => ({ close: () => sound.close({ drainMs: 0 }) })),
    witness: async (_, open) => !(await closedMeanwhile(await open())),
  },
  {
    id: 'close-shuts-effects-out',
    breaks: 'while close waits for an effect, what that one calls is refused',
    from: 'one flag for all who call',
    killedBy: 'handle/close-waits-for-effects',
    wrap: over((sound) => {
      let isClosing = false
      return {
        close(options) {
          isClosing = true
          return sound.close(options)
        },
        idempotency: {
          set: (...args) => (isClosing ? Promise.reject(new ClosedError()) : sound.idempotency.set(...args)),
        },
      }
    }),
    witness: async (_, open) => !(await closedMeanwhile(await open())),
  },
  {
    id: 'close-waits-for-effects-for-ever',
    breaks: 'close waits longer for an effect than it was told',
    from: 'a shutdown that one stuck job holds up until the machine kills it',
    killedBy: 'handle/close-waits-so-long-and-no-longer',
    wrap: over((sound) => ({ close: () => sound.close({ drainMs: 60_000 }) })),
    async witness(_, open) {
      const handle = await open()
      const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const effect = runOnce(handle.idempotency, 'w', LEASE, async () => {
        begun.resolve()
        await end.promise
        return {}
      })
      await begun.promise
      const closed = handle.close({ drainMs: 1 }).then(() => true)
      const inTime = await Promise.race([closed, sleep(1_000, false)])
      end.resolve()
      await effect.catch(() => {})
      return !inTime
    },
  },
]
