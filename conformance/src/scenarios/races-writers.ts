import { dumpsJsonDict } from '@dir/storage-core'
import { same } from '../same.ts'
import type { Scenario } from '../scenario.ts'
import { openHandles, race, range } from './kit.ts'
import type { RecordKind } from './record-kind.ts'
import { RECORD_KINDS } from './record-kinds.ts'

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

const writers = (kind: RecordKind): Scenario => ({
  id: `races/${kind.name.replace('/', '-')}-takes-every-writer`,
  title: `sixteen writers of one new ${kind.name.split('/').at(-1)} all succeed, and leave what some order of them leaves`,
  clause: `${kind.protocol}: a write creates or replaces, whoever else does so at the same time`,
  level: 'seed',
  protocols: [kind.protocol],
  asserts: 5,
  async run(context) {
    const handles = await openHandles(context, 4)
    const other = context.id('other')
    // A kind that keeps one value answers with the last write, any other with all of them.
    const keepsOne = same(kind.after(1, 2), kind.after(2))
    for (let round = 0; round < 5; round++) {
      const id = context.id('one')
      await race(handles, (storage, racer) => kind.write(storage, id, racer, other))
      const seen = await kind.read(context.storage, id, other)
      const all = range(16).map((racer) => kind.after(racer))
      if (keepsOne)
        context.assert.ok(
          all.some((one) => same(seen, one)),
          'the value of one of the writers',
        )
      else if (Array.isArray(seen)) {
        const text = (one: unknown) => dumpsJsonDict(one)
        context.assert.equal(
          seen.map(text).toSorted(compare),
          all.flat().map(text).toSorted(compare),
          'what all wrote',
        )
      } else context.assert.equal(seen, kind.after(...range(16)), 'what all wrote')
    }
  },
})

/** Per kind of record: many writers of one new id at once. */
export const scenarios: readonly Scenario[] = RECORD_KINDS.map(writers)
