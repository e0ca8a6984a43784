import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'

const codeless = (error: unknown): never => {
  throw new Error((error as Error).message)
}

export const handleMutants: readonly Mutant[] = [
  {
    id: 'second-close-rejects',
    breaks: 'closing a handle twice is an error',
    from: 'pg: "Called end on pool more than once"',
    killedBy: 'handle/close-may-be-repeated',
    wrap: over((sound) => {
      let closed = false
      return {
        close() {
          const second = closed ? Promise.reject(new Error('The handle is closed already.')) : null
          second?.catch(() => {}) // a caller who does not wait for it is not to end the process
          closed = true
          return second ?? sound.close()
        },
      }
    }),
    async witness(_, open) {
      const handle = await open()
      await handle.close()
      return refused(handle.close())
    },
  },
  {
    id: 'close-leaves-the-door-open',
    breaks: 'a closed handle still answers',
    from: 'a close that only forgets the connection',
    killedBy: 'handle/a-closed-handle-refuses-every-call',
    wrap: over(() => ({ close: () => Promise.resolve() })),
    async witness(_, open) {
      const handle = await open()
      await handle.close()
      return !(await refused(handle.context.getSession('w')))
    },
  },
  {
    id: 'errors-without-a-code',
    breaks: 'what a method refuses has no code to recognise it by',
    from: 'errors wrapped on their way through a framework',
    killedBy: 'handle/a-closed-handle-refuses-every-call',
    wrap: over(({ context }) => ({
      context: {
        setSession: (...args) => context.setSession(...args).catch(codeless),
        getSession: (...args) => context.getSession(...args).catch(codeless),
      },
    })),
    witness: async ({ context }) =>
      context.getSession('').then(
        () => false,
        (error: { code?: string }) => error.code === undefined,
      ),
  },
  {
    id: 'init-wipes',
    breaks: 'initialising a store that is there loses records',
    from: 'DROP TABLE IF EXISTS in a schema script',
    killedBy: 'model/intentRetry',
    wrap: overShared(
      () => new Set<string>(),
      (sound, counted) => ({
        async init() {
          await sound.init()
          for (const dfid of counted) await sound.intentRetry.delete(dfid)
        },
        intentRetry: {
          async setCount(dfid, count) {
            await sound.intentRetry.setCount(dfid, count)
            counted.add(dfid)
          },
        },
      }),
    ),
    async witness(storage, open) {
      await storage.intentRetry.setCount('w', 1)
      await (await open()).init()
      return (await storage.intentRetry.getCount('w')) === 0
    },
  },
  {
    id: 'options-ignored',
    breaks: 'a mistyped option is ignored instead of refused',
    from: 'destructuring',
    killedBy: 'arguments/methods-of-resourceLock',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        acquireBatch(dfid, resources, timeoutSec, options) {
          const { capacities, leaseSec } = options ?? {}
          const known = {
            ...(capacities === undefined ? {} : { capacities }),
            ...(leaseSec === undefined ? {} : { leaseSec }),
          }
          return resourceLock.acquireBatch(dfid, resources, timeoutSec, known)
        },
      },
    })),
    witness: async ({ resourceLock }) =>
      !(await refused(resourceLock.acquireBatch('w', { w: 1 }, 1, { capacites: {} } as object))),
  },
  {
    id: 'init-schema-missing',
    breaks: 'the stores have no initSchema of their own',
    from: 'a handle that was written without the original beside it',
    killedBy: 'handle/a-closed-handle-refuses-every-call',
    wrap: over(() => ({ saga: { initSchema: null as unknown as () => Promise<void> } })),
    witness: async ({ saga }) => typeof saga.initSchema !== 'function',
  },
]
