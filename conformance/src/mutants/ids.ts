import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'

const text = (value: unknown): value is string => typeof value === 'string'

export const idMutants: readonly Mutant[] = [
  {
    id: 'ids-trimmed',
    breaks: 'an id and the same with a space after it are one',
    from: 'CHAR columns and collations that pad with spaces',
    killedBy: 'context/state-is-found-by-its-exact-id',
    wrap: over(({ context }) => ({
      context: {
        getState: (id) => context.getState(text(id) ? id.trimEnd() || id : id),
        setState: (id, json) => context.setState(text(id) ? id.trimEnd() || id : id, json),
      },
    })),
    async witness({ context }) {
      await context.setState('w ', '1')
      return (await context.getState('w')) === '1'
    },
  },
  {
    id: 'ids-normalised',
    breaks: 'a composed and a decomposed letter make one id',
    from: 'stores that normalise Unicode',
    killedBy: 'saga/mark-takes-hostile-ids',
    wrap: over(({ saga }) => ({
      saga: {
        markDirty: (id, ...rest) => saga.markDirty(text(id) ? id.normalize() : id, ...rest),
        getDirtyState: (id) => saga.getDirtyState(text(id) ? id.normalize() : id),
        clearDirty: (id) => saga.clearDirty(text(id) ? id.normalize() : id),
      },
    })),
    async witness({ saga }) {
      await saga.markDirty('e\u0301', '', '{}')
      return (await saga.getDirtyState('\u00e9')) !== null
    },
  },
  {
    id: 'ids-repaired',
    breaks: 'half a surrogate pair in an id is replaced instead of refused',
    from: 'drivers that write U+FFFD, so that two ids collide',
    killedBy: 'arguments/methods-of-lifecycle',
    wrap: over(({ lifecycle }) => ({
      lifecycle: {
        recordTransition: (id, ...rest) =>
          lifecycle.recordTransition(text(id) ? id.toWellFormed() : id, ...rest),
      },
    })),
    witness: async ({ lifecycle }) => !(await refused(lifecycle.recordTransition('w\ud800', null, 'NEW'))),
  },
  {
    id: 'count-deleted-by-pattern',
    breaks: 'deleting a retry count takes its id for a pattern',
    from: 'DELETE … WHERE dfid LIKE ?',
    killedBy: 'removals/delete-takes-hostile-ids',
    wrap: overShared(
      () => new Set<string>(),
      ({ intentRetry }, counted) => ({
        intentRetry: {
          async setCount(dfid, count) {
            await intentRetry.setCount(dfid, count)
            counted.add(dfid)
          },
          async delete(dfid) {
            await intentRetry.delete(dfid)
            if (dfid === '%') for (const other of counted) await intentRetry.delete(other)
          },
        },
      }),
    ),
    async witness({ intentRetry }) {
      await intentRetry.setCount('w', 1)
      await intentRetry.delete('%')
      return (await intentRetry.getCount('w')) === 0
    },
  },
]
