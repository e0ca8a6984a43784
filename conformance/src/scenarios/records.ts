import type { StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'
import { group, nearMisses } from './kit.ts'
import type { RecordKind } from './record-kind.ts'
import { RECORD_KINDS } from './record-kinds.ts'

// What holds for every kind of record alike.

const all = (kind: RecordKind, storage: StorageHandle, ids: readonly string[], other: string) =>
  Promise.all(ids.map((id) => kind.read(storage, id, other)))

const noun = ({ name }: RecordKind): string => name.split('/').at(-1) ?? name

const scenariosOf = (kind: RecordKind): readonly Scenario[] =>
  group({ level: 'seed', protocols: [kind.protocol] }, [
    {
      id: `${kind.name}-is-found-by-its-exact-id`,
      title: `an id finds its own ${noun(kind)} and none whose id is like it`,
      clause: `${kind.protocol}: an unknown id has no record; a write to a known one replaces or adds`,
      asserts: 4,
      async run({ storage, id, assert }) {
        const [mine, other] = [id('mine'), id('other')]
        const near = nearMisses(mine)
        assert.equal(await kind.read(storage, mine, other), kind.after(), 'an id that nothing was written to')
        await Promise.all(near.map((decoy, n) => kind.write(storage, decoy, n, other)))
        assert.equal(
          await kind.read(storage, mine, other),
          kind.after(),
          'still nothing beside its near misses',
        )
        await kind.write(storage, mine, 100, other)
        await kind.write(storage, mine, 200, other)
        assert.equal(await kind.read(storage, mine, other), kind.after(100, 200), 'after two writes')
        assert.equal(
          await all(kind, storage, near, other),
          near.map((_, n) => kind.after(n)),
          'the near misses stay as they were',
        )
      },
    },
    {
      id: `${kind.name}-takes-hostile-ids`,
      title: `a ${noun(kind)} may have an id that looks like a pattern, an operator or a member of an object`,
      clause: `${kind.protocol}: every string that the rules allow is an id of its own`,
      needs: 'empty',
      asserts: 2,
      async run({ storage, id, assert }) {
        const other = id('other')
        const write = (rest: number) =>
          HOSTILE_IDS.flatMap((one, n) => (n % 2 === rest ? [kind.write(storage, one, n, other)] : []))
        await Promise.all(write(0))
        assert.equal(
          await all(kind, storage, HOSTILE_IDS, other),
          HOSTILE_IDS.map((_, n) => (n % 2 === 0 ? kind.after(n) : kind.after())),
          'every other id written',
        )
        await Promise.all(write(1))
        assert.equal(
          await all(kind, storage, HOSTILE_IDS, other),
          HOSTILE_IDS.map((_, n) => kind.after(n)),
          'all ids written',
        )
      },
    },
    {
      id: `${kind.name}-is-seen-by-a-later-handle`,
      title: `a ${noun(kind)} is seen by every handle of its namespace and by none of another`,
      clause: `${kind.protocol}: a namespace is one store for all its handles, and for nobody else`,
      asserts: 4,
      async run({ storage, id, open, freshNamespace, assert }) {
        const [mine, other] = [id('mine'), id('other')]
        const second = await open()
        const stranger = await open({ namespace: freshNamespace() })
        await kind.write(storage, mine, 1, other)
        assert.equal(await kind.read(second, mine, other), kind.after(1), 'a second handle')
        await kind.write(second, mine, 2, other)
        assert.equal(
          await kind.read(storage, mine, other),
          kind.after(1, 2),
          'the first handle, after the second',
        )
        assert.equal(await kind.read(stranger, mine, other), kind.after(), 'a handle of another namespace')
        await kind.write(stranger, mine, 3, other)
        assert.equal(
          await kind.read(second, mine, other),
          kind.after(1, 2),
          'after a write to the other namespace',
        )
      },
    },
    {
      id: `${kind.name}-is-read-in-the-order-of-calls`,
      title: `a ${noun(kind)} is read as the calls issued before on that handle leave it, awaited or not`,
      clause: `${kind.protocol}: writes take effect in the order of issue, a read sees all earlier ones`,
      asserts: 2,
      async run({ id, open, assert }) {
        const fresh = await open()
        for (const what of ['on a handle that is not yet initialised', 'on a handle in use']) {
          const [mine, other] = [id('mine'), id('other')]
          const [, , seen] = await Promise.all([
            kind.write(fresh, mine, 1, other),
            kind.write(fresh, mine, 2, other),
            kind.read(fresh, mine, other),
          ])
          assert.equal(seen, kind.after(1, 2), what)
        }
      },
    },
  ])

/** Per kind of record: exact ids, hostile ids, handles and namespaces, the order of calls on one handle. */
export const scenarios: readonly Scenario[] = RECORD_KINDS.flatMap(scenariosOf)
