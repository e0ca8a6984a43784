import type { Scenario } from '../scenario.ts'
import { LONG_AGO, TIME, group, range, without } from './kit.ts'
import { aRequest } from './samples.ts'

const NOW = '2026-03-01T10:00:00Z'

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['escalation'] }, [
  {
    id: 'escalation/requests-are-in-the-order-of-insertion',
    title: 'pending requests stand in the order of insertion, and one that is opened again moves to the end',
    clause: 'getPendingRequests in the order of insertion (a re-opened one counts as new), oldest first',
    needs: 'empty',
    asserts: 5,
    async run({ storage: { escalation }, assert }) {
      const pending = async () => (await escalation.getPendingRequests()).map(({ dfid }) => dfid)
      assert.equal(await pending(), [], 'an empty store')
      const flows = range(40).map((n) => `flow ${(n * 7) % 40}`)
      await Promise.all(flows.slice(0, 30).map((dfid) => escalation.insertRequest(aRequest(dfid, 'agent'))))
      for (const dfid of flows.slice(30)) await escalation.insertRequest(aRequest(dfid, 'agent'))
      assert.equal(await pending(), flows, 'ties included')
      const [first, second, ...rest] = flows as [string, string, ...string[]]
      await escalation.insertRequest(aRequest(first, 'agent'))
      assert.equal(await pending(), [second, ...rest, first], 'one that was pending already')
      await escalation.resolveRequest(second, NOW, 'APPROVE', null)
      assert.equal(await pending(), [...rest, first], 'without the resolved one')
      await escalation.insertRequest(aRequest(second, 'agent'))
      assert.equal(await pending(), [...rest, first, second], 'the resolved one, opened again')
    },
  },
  {
    id: 'escalation/a-request-opened-again-is-a-new-one',
    title: 'the same flow again replaces its request as a whole and opens it with a later time',
    clause: 'insertRequest: the same dfid replaces and re-opens it, with a createdAt later by 1 µs at least',
    asserts: 6,
    async run({ storage: { escalation }, id, assert }) {
      const dfid = id('flow')
      const mine = async () =>
        (await escalation.getPendingRequests()).filter((request) => request.dfid === dfid)
      const times: string[] = []
      for (const [round, reason] of ['first', 'second', 'third'].entries()) {
        const agentId = id('agent')
        if (round === 2) await escalation.resolveRequest(dfid, NOW, 'REJECT', '[]')
        const texts = {
          reason,
          contextJson: `[${round}]`,
          proposalJson: `{"n":${round}}`,
          impact: `${round}`,
        }
        await escalation.insertRequest(aRequest(dfid, agentId, texts))
        const seen = await mine()
        assert.equal(
          without(seen, 'createdAt'),
          [{ dfid, agentId, ...texts, context: [round], proposal: { n: round } }],
          `the ${reason} request`,
        )
        times.push(seen[0]?.createdAt ?? '')
      }
      await Promise.all([
        escalation.insertRequest(aRequest(dfid, 'a')),
        escalation.insertRequest(aRequest(dfid, 'b')),
      ])
      times.push((await mine())[0]?.createdAt ?? '')
      assert.ok(
        times.every((time) => TIME.test(time)),
        'the form of the times',
      )
      assert.equal(new Set(times).size, 4, 'how many different times')
      assert.equal(times.toSorted(), times, 'each time is later than the one before')
    },
  },
  {
    id: 'escalation/the-first-decision-stands',
    title: 'resolveRequest is true once, and false for a resolved or an unknown request',
    clause: 'resolveRequest → true if it was pending; unknown or already resolved → false',
    asserts: 7,
    async run({ storage: { escalation }, id, assert }) {
      const [dfid, other] = [id('flow'), id('other')]
      const pending = async () =>
        (await escalation.getPendingRequests()).filter((r) => r.dfid === dfid || r.dfid === other).length
      assert.equal(await escalation.resolveRequest(dfid, NOW, 'APPROVE', null), false, 'an unknown request')
      assert.equal(await pending(), 0, 'no request appears')
      await escalation.insertRequest(aRequest(dfid, 'agent'))
      await escalation.insertRequest(aRequest(other, 'agent'))
      const both = await Promise.all([
        escalation.resolveRequest(dfid, NOW, 'APPROVE', null),
        escalation.resolveRequest(dfid, NOW, 'REJECT', '{}'),
      ])
      assert.equal(both, [true, false], 'two decisions at once, the first one first')
      assert.equal(await escalation.resolveRequest(dfid, NOW, 'APPROVE', null), false, 'a third')
      assert.equal(await pending(), 1, 'the other request is still pending')
      await escalation.insertRequest(aRequest(dfid, 'agent'))
      assert.equal(await escalation.resolveRequest(dfid, NOW, '', null), true, 'after it was opened again')
      assert.equal(await escalation.resolveRequest(other, '2026-03-01', 'x', '[1]'), true, 'the other')
    },
  },
  {
    id: 'escalation/a-decision-names-its-request',
    title: 'resolveRequest with the time of a request resolves that one and no later one of the same flow',
    clause: 'resolveRequest { createdAt? }: true only if it is still the request of that createdAt',
    asserts: 5,
    async run({ storage: { escalation }, id, assert }) {
      const dfid = id('flow')
      const opened = async () => {
        await escalation.insertRequest(aRequest(dfid, 'agent'))
        const mine = (await escalation.getPendingRequests()).find((request) => request.dfid === dfid)
        return mine?.createdAt ?? ''
      }
      const resolve = (createdAt: string) =>
        escalation.resolveRequest(dfid, NOW, 'APPROVE', null, { createdAt })
      const [first, second] = [await opened(), await opened()]
      assert.equal(await resolve(first), false, 'the time of the request that was replaced')
      assert.equal(await resolve(LONG_AGO), false, 'another time')
      assert.equal(await resolve(second), true, 'the time of the pending request')
      assert.equal(await resolve(second), false, 'the same again')
      const third = await opened()
      assert.equal(await resolve(third.replace('T', ' ').replace('Z', '+00:00')), true, 'written otherwise')
    },
  },
  {
    id: 'escalation/a-decision-is-kept',
    title: 'the first decision is kept with its time and proposal, null keeping the proposal that was there',
    clause:
      'resolveRequest: null keeps the proposal; the first human decision stands; a re-opened one has none',
    capabilities: ['export'],
    needs: 'empty',
    asserts: 2,
    async run({ storage, assert }) {
      const { escalation } = storage
      const exported = async () => {
        const records = await Array.fromAsync(storage.exportRecords())
        return without(records, 'createdAt' as never).filter((record) => record.type === 'request')
      }
      for (const dfid of ['kept', 'changed', 'nothing', 'reopened'])
        await escalation.insertRequest(aRequest(dfid, 'agent'))
      await escalation.resolveRequest('kept', '2026-03-01T10:00:00.5+02:00', 'APPROVE', null)
      await escalation.resolveRequest('changed', '2026-03-01', 'MODIFY', '{"buy":  50}')
      await escalation.resolveRequest('nothing', '2026-03-01', 'MODIFY', 'null')
      await escalation.resolveRequest('reopened', NOW, 'REJECT', '{}')
      for (const dfid of ['kept', 'changed']) await escalation.resolveRequest(dfid, NOW, 'REJECT', 'null')
      await escalation.insertRequest(aRequest('reopened', 'agent'))
      const open = (dfid: string) => ({ type: 'request', ...aRequest(dfid, 'agent') })
      const seen = await exported()
      assert.equal(
        seen.slice(0, 3),
        [
          {
            ...open('kept'),
            status: 'RESOLVED',
            resolvedAt: '2026-03-01T08:00:00.500000Z',
            decision: 'APPROVE',
          },
          {
            ...open('changed'),
            proposalJson: '{"buy":  50}',
            status: 'RESOLVED',
            resolvedAt: '2026-03-01T00:00:00.000000Z',
            decision: 'MODIFY',
          },
          {
            ...open('nothing'),
            proposalJson: 'null',
            status: 'RESOLVED',
            resolvedAt: '2026-03-01T00:00:00.000000Z',
            decision: 'MODIFY',
          },
        ],
        'the resolved ones',
      )
      assert.equal(
        seen.slice(3),
        [{ ...open('reopened'), status: 'PENDING', resolvedAt: null, decision: null }],
        'the one that was opened again',
      )
    },
  },
])
