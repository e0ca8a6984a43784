import type { StoredRequest } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { TIME, group, nearMisses, without } from './kit.ts'
import { aRequest } from './samples.ts'

const NOW = '2026-03-01T10:00:00Z'
const AT_TEN = '2026-03-01T10:00:00.000000Z'

/** How `aRequest` comes out, but for its time. */
export const asked = (dfid: string, agentId: string) => {
  return { ...aRequest(dfid, agentId), context: { account: 7 }, proposal: { buy: 100 } }
}

export const UNDECIDED = { status: 'PENDING', decision: null, resolvedAt: null, resolvedBy: null } as const

/** Requests without their times; what is null stays. */
const timeless = (...requests: readonly (StoredRequest | null)[]) =>
  requests.flatMap((request) => (request === null ? [null] : without([request], 'createdAt')))

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['escalation'] }, [
  {
    id: 'escalation/a-request-can-be-read',
    title: 'getRequest gives what was asked and what was decided, with the proposal that stands',
    clause: 'getRequest → the request with status, decision, resolvedAt, resolvedBy',
    asserts: 6,
    async run({ storage: { escalation }, id, assert }) {
      const [dfid, agentId] = [id('flow'), id('agent')]
      const read = () => escalation.getRequest(dfid)
      await escalation.insertRequest(aRequest(dfid, agentId))
      const pending = await read()
      assert.equal(timeless(pending), [{ ...asked(dfid, agentId), ...UNDECIDED }], 'a pending one')
      const listed = (await escalation.getPendingRequests()).find((one) => one.dfid === dfid)
      assert.equal(
        [TIME.test(pending?.createdAt ?? ''), pending?.createdAt],
        [true, listed?.createdAt],
        'when',
      )
      const by = { resolvedBy: 'reviewer@example.com' }
      await escalation.resolveRequest(dfid, '2026-03-01T12:00:00.5+02:00', 'MODIFY', '{"buy":  50}', by)
      const resolved = {
        ...asked(dfid, agentId),
        proposal: { buy: 50 },
        proposalJson: '{"buy":  50}',
        status: 'RESOLVED',
        decision: 'MODIFY',
        resolvedAt: '2026-03-01T10:00:00.500000Z',
        ...by,
      }
      assert.equal(await read(), { ...resolved, createdAt: pending?.createdAt }, 'a resolved one')
      await escalation.resolveRequest(dfid, NOW, 'REJECT', '{}', { resolvedBy: 'bob' })
      assert.equal(await read(), { ...resolved, createdAt: pending?.createdAt }, 'after a second decision')
      const kept = id('kept')
      await escalation.insertRequest(aRequest(kept, agentId))
      await escalation.resolveRequest(kept, NOW, '', null)
      assert.equal(
        timeless(await escalation.getRequest(kept)),
        [{ ...asked(kept, agentId), status: 'RESOLVED', decision: '', resolvedAt: AT_TEN, resolvedBy: null }],
        'one whose proposal was kept, by nobody who is named',
      )
      await escalation.resolveRequest(dfid, NOW, 'REJECT', 'null', {})
      assert.equal((await read())?.decision, 'MODIFY', 'after a third')
    },
  },
  {
    id: 'escalation/a-request-that-is-not-there-is-null',
    title: 'getRequest is null for a flow of which nothing was asked, however like another its id is',
    clause: 'getRequest → null for an unknown flow',
    asserts: 2,
    async run({ storage: { escalation }, id, assert }) {
      const dfid = id('flow')
      assert.equal(await escalation.getRequest(dfid), null, 'before it is opened')
      await escalation.insertRequest(aRequest(dfid, 'agent'))
      const near = await Promise.all(nearMisses(dfid).map((other) => escalation.getRequest(other)))
      assert.equal(
        near.filter((request) => request !== null),
        [],
        'under ids like it',
      )
    },
  },
  {
    id: 'escalation/a-request-opened-again-has-no-decision',
    title: 'a request that is opened again shows nothing of the decision on the one before',
    clause: 'insertRequest: nothing is left of a decision on the old one',
    asserts: 4,
    async run({ storage: { escalation }, id, assert }) {
      const [dfid, agentId] = [id('flow'), id('agent')]
      const read = () => escalation.getRequest(dfid)
      const resolve = (decision: string, options?: { resolvedBy: string }) =>
        escalation.resolveRequest(dfid, NOW, decision, 'null', options)
      await escalation.insertRequest(aRequest(dfid, 'first'))
      const first = await read()
      await resolve('APPROVE', { resolvedBy: 'reviewer' })
      await escalation.insertRequest(aRequest(dfid, agentId))
      const again = await read()
      assert.equal(timeless(again), [{ ...asked(dfid, agentId), ...UNDECIDED }], 'the new one')
      assert.ok((again?.createdAt ?? '') > (first?.createdAt ?? ''), 'it is later')
      await resolve('REJECT')
      const resolved = { status: 'RESOLVED', decision: 'REJECT', resolvedAt: AT_TEN, resolvedBy: null }
      assert.equal(
        await read(),
        { ...again, proposal: null, proposalJson: 'null', ...resolved },
        'decided again, by nobody who is named',
      )
      await Promise.all([
        escalation.insertRequest(aRequest(dfid, agentId)),
        resolve('x', { resolvedBy: 'bob' }),
      ])
      assert.equal((await read())?.resolvedBy, 'bob', 'opened and decided at once')
    },
  },
  {
    id: 'escalation/a-decision-says-who-decided',
    title: 'who decided is kept as it was given, and only where the decision stands',
    clause: 'resolveRequest { resolvedBy? }: who decided',
    asserts: 6,
    async run({ storage: { escalation }, id, assert }) {
      const opened = async (name: string) => {
        const dfid = id(name)
        await escalation.insertRequest(aRequest(dfid, 'agent'))
        return { dfid, createdAt: (await escalation.getRequest(dfid))?.createdAt ?? '' }
      }
      const by = async (dfid: string) => (await escalation.getRequest(dfid))?.resolvedBy
      for (const name of ["A reviewer's <desk@example.com>", '\u00e9 \u{1f600} e\u0301', 'x'.repeat(512)]) {
        const { dfid } = await opened(`by ${name.length}`)
        await escalation.resolveRequest(dfid, NOW, 'APPROVE', null, { resolvedBy: name })
        assert.equal(await by(dfid), name, 'the name')
      }
      const { dfid, createdAt } = await opened('of a time')
      const earlier = { createdAt: '2000-01-01', resolvedBy: 'reviewer' }
      await escalation.resolveRequest(dfid, NOW, 'APPROVE', null, earlier)
      assert.equal(await by(dfid), null, 'of a decision on another request')
      await escalation.resolveRequest(dfid, NOW, 'APPROVE', null, { createdAt, resolvedBy: 'bob' })
      assert.equal(await by(dfid), 'bob', 'of one on this')
      await escalation.resolveRequest(dfid, NOW, 'APPROVE', null, { resolvedBy: 'eve' })
      assert.equal(await by(dfid), 'bob', 'after another')
    },
  },
])
