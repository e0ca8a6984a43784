import type { StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, range } from './kit.ts'
import { CALLERS } from './many-callers-kit.ts'
import { LIST_VERBS } from './many-callers-lists.ts'
import { RECORD_VERBS } from './many-callers-records.ts'

export const scenarios: readonly Scenario[] = [...RECORD_VERBS, ...LIST_VERBS].flatMap(
  ({ words, protocols, capabilities = [], prepare, act, sum, expected }) =>
    group({ level: 'atomic', protocols, capabilities }, [
      {
        id: `many-callers/${words}`,
        title: `sixty-four callers at once, on one handle and on four, are answered as if one after another: ${words.replaceAll('-', ' ')}`,
        clause: 'each verb is one step that no other writer can come between',
        asserts: 2,
        async run(context) {
          const handles = await openHandles(context, 4)
          for (const used of [handles.slice(0, 1), handles]) {
            const id = context.id('one')
            await prepare?.(context.storage, id)
            const answers = await Promise.all(
              range(CALLERS).map((n) => act(used[n % used.length] as StorageHandle, id, n)),
            )
            const where = used.length === 1 ? 'on one handle' : 'on four handles'
            context.assert.equal(await sum(answers, context.storage, id), expected, where)
          }
        },
      },
    ]),
)
