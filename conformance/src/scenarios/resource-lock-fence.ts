import type { Scenario } from '../scenario.ts'
import { SORTED_IDS } from './hostile-ids.ts'
import { TIME, group, openHandles, race, whole, without } from './kit.ts'

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['resourceLock'] }, [
  {
    id: 'resource-lock/holds-are-listed-whole',
    title: 'getHolds gives whole holds by fence and resource, of all or of the flow and resource asked for',
    clause: 'getHolds({ dfid?, resourceId? }) → by fence, dfid, resourceId',
    needs: 'empty',
    asserts: 10,
    async run({ storage: { resourceLock }, assert }) {
      assert.equal(await resourceLock.getHolds(), [], 'an empty store')
      const grants = [
        await resourceLock.acquire('z', Object.fromEntries(SORTED_IDS.toReversed().map((r, n) => [r, n])), 0),
        await resourceLock.acquire('a', { '!': 1, other: 2.5 }, 0),
        await resourceLock.acquire('z', { b: 7, '!': 8 }, 0),
      ]
      assert.equal(
        grants.map((grant) => grant?.expiresAt),
        [null, null, null],
        'no lease, no end',
      )
      const [first, second, third] = grants.map((grant) => grant?.fence)
      const held = (dfid: string, fence: number | undefined, amount: number, resourceId: string) => {
        return { dfid, resourceId, amount, expiresAt: null, fence }
      }
      const most = SORTED_IDS.length - 1
      const expected = [
        ...SORTED_IDS.map((r, n) => held('z', first, most - n, r)).filter(
          ({ resourceId: r }) => r !== 'b' && r !== '!',
        ),
        held('a', second, 1, '!'),
        held('a', second, 2.5, 'other'),
        held('z', third, 8, '!'),
        held('z', third, 7, 'b'),
      ]
      const seen = await resourceLock.getHolds()
      assert.equal(without(seen, 'acquiredAt'), expected, 'all')
      assert.ok(
        seen.every(({ acquiredAt }) => acquiredAt !== null && TIME.test(acquiredAt)),
        'their times',
      )
      const all = { '{}': {}, dfid: { dfid: 'z' }, resource: { resourceId: '!' } }
      assert.equal(await resourceLock.getHolds(all['{}']), seen, 'an empty filter')
      assert.equal(
        await resourceLock.getHolds(all.dfid),
        seen.filter(({ dfid }) => dfid === 'z'),
        'one flow',
      )
      assert.equal(
        await resourceLock.getHolds(all.resource),
        seen.filter(({ resourceId }) => resourceId === '!'),
        'one resource',
      )
      assert.equal(
        await resourceLock.getHolds({ dfid: 'a', resourceId: '!' }),
        seen.filter((h) => h.dfid === 'a' && h.resourceId === '!'),
        'both',
      )
      assert.equal(await resourceLock.getHolds({ dfid: 'Z' }), [], 'a flow that holds nothing')
      assert.equal(
        await resourceLock.getHolds({ dfid: 'a', resourceId: 'b' }),
        [],
        'a resource it does not hold',
      )
    },
  },
  {
    id: 'resource-lock/fences-rise',
    title:
      'every acquire has a fence above all that ended before it began, whatever flow, resource or handle',
    clause:
      'fences are unique in the namespace; each exceeds those of every acquire that ended before it began',
    asserts: 4,
    async run(context) {
      const { id, assert } = context
      const handles = await openHandles(context, 4)
      const fences: number[] = []
      for (let n = 0; n < 12; n++) {
        const [flow, resource] = [id('flow'), id('resource')]
        const locks = handles[n % 4]?.resourceLock
        const grant = await locks?.acquire(flow, { [resource]: 1 }, 1)
        fences.push(grant?.fence ?? 0)
        if (n % 3 === 0) await locks?.release(flow)
      }
      assert.ok(
        fences.every((fence) => Number.isSafeInteger(fence) && fence > 0),
        'the fences are positive integers',
      )
      assert.ok(
        fences.every((fence, n) => n === 0 || fence > (fences[n - 1] ?? 0)),
        'each is above the one before',
      )
      const shared = id('shared')
      const racing = await race(handles, ({ resourceLock }) =>
        resourceLock.acquire(id('flow'), { [shared]: 1 }, 5),
      )
      const raced = racing.map((grant) => grant?.fence ?? 0)
      assert.equal(new Set(raced).size, 16, 'how many different fences sixteen racers get')
      assert.ok(
        raced.every((fence) => fence > (fences.at(-1) ?? 0)),
        'all are above the earlier ones',
      )
    },
  },
  {
    id: 'resource-lock/a-replaced-hold-has-the-new-fence',
    title: 'an acquire gives the resources it names its fence, and the other holds keep theirs',
    clause: 'amounts already held are replaced with amount, lease, fence and time; other holds stay',
    asserts: 4,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, a, b] = [id('flow'), id('a'), id('b')]
      const first = await resourceLock.acquire(flow, { [a]: 1, [b]: 1 }, 0)
      const [before] = await resourceLock.getHolds({ dfid: flow, resourceId: a })
      const second = await resourceLock.acquire(flow, { [b]: 1 }, 0)
      assert.ok((second?.fence ?? 0) > (first?.fence ?? 0), 'the second fence is above the first')
      const seen = await resourceLock.getHolds({ dfid: flow })
      assert.equal(
        seen.map(({ resourceId, fence }) => [resourceId, fence]),
        [
          [a, first?.fence],
          [b, second?.fence],
        ],
        'the fences',
      )
      assert.equal(seen[0], before, 'the hold that was not named')
      const none = await resourceLock.acquire(flow, {}, 0)
      assert.ok(
        none !== null && (await resourceLock.getHolds({ dfid: flow })).length === 2,
        'an acquire of nothing',
      )
    },
  },
  {
    id: 'resource-lock/release-spares-newer-holds',
    title: 'release with a fence ends the holds up to that fence, and those acquired later stay',
    clause: 'release(dfid, { fence? }) touches only holds whose fence is not newer',
    asserts: 4,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, other] = [id('flow'), id('other')]
      const names = [id('a'), id('b'), id('c')]
      const [a, b, c] = names as [string, string, string]
      await resourceLock.acquire(flow, { [a]: 1, [b]: 1 }, 0)
      await resourceLock.acquire(other, { [a]: 10 }, 0)
      const second = (await resourceLock.acquire(flow, { [b]: 2 }, 0))?.fence ?? 0
      await resourceLock.acquire(flow, { [c]: 4 }, 0)
      const totals = () => Promise.all(names.map((name) => resourceLock.getLockedAmount(name, null)))
      await resourceLock.release(flow, { fence: 0 })
      assert.equal(await totals(), [11, 2, 4], 'a fence older than all')
      await resourceLock.release(flow, { fence: second - 1 })
      assert.equal(await totals(), [10, 2, 4], 'a fence just below the second')
      await resourceLock.release(flow, { fence: second })
      assert.equal(await totals(), [10, 0, 4], 'the second fence itself')
      await resourceLock.release(flow, { fence: Number.MAX_SAFE_INTEGER })
      assert.equal(await totals(), [10, 0, 0], 'a fence newer than all')
    },
  },
  {
    id: 'resource-lock/holds-without-a-fence-come-first',
    title: 'holds that were written without a fence have fence 0 and come first, by flow and resource',
    clause: 'getHolds: a hold without a fence has fence 0; by fence, dfid, resourceId',
    capabilities: ['export'],
    needs: 'empty',
    asserts: 3,
    async run({ storage, assert }) {
      const { resourceLock } = storage
      const acquiredAt = '2026-03-01T10:00:00.000000Z'
      const hold = (dfid: string, resourceId: string, fence: number) => {
        return { dfid, resourceId, amount: 1, acquiredAt, expiresAt: null, fence }
      }
      const sorted = [hold('\uff21', 'b', 0), hold('😀', 'a', 0), hold('😀', 'b', 0), hold('a', 'a', 7)]
      await storage.importRecords(whole(sorted.toReversed().map((record) => ({ type: 'hold', ...record }))))
      assert.equal(await resourceLock.getHolds(), sorted, 'the holds')
      const grant = await resourceLock.acquire('new', { new: 1 }, 0)
      assert.ok((grant?.fence ?? 0) > 7, 'the next fence')
      await resourceLock.release('😀', { fence: 0 })
      assert.equal(
        (await resourceLock.getHolds()).map(({ dfid }) => dfid),
        ['\uff21', 'a', 'new'],
        'released by fence 0',
      )
    },
  },
])
