/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS, type StorageRecord } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { group, range, whole } from './kit.ts'

const AT = '2026-03-01T10:00:00.000000Z'

/** More than fits into a page, in an order that is not that of the ids, all of one moment. */
const COUNT = 1_120
const flows = range(COUNT).map((n) => `flow ${(n * 37) % COUNT}`)

/** What has an order of its own, besides ids. */
const ordered: readonly StorageRecord[] = [
  ...flows.map((dfid) => {
    return { type: 'dirtyFlow', dfid, failedStep: 'step', partialStateJson: '{}', createdAt: AT } as const
  }),
  ...flows.map((dfid) => {
    const texts = { reason: '', contextJson: '{}', proposalJson: '{}', impact: '' }
    const open = { status: 'PENDING', createdAt: AT, resolvedAt: null, decision: null } as const
    return { type: 'request', dfid, agentId: 'agent', ...texts, ...open } as const
  }),
  ...flows.map((dfid, n) => {
    return { type: 'transition', dfid, fromStatus: null, toStatus: `S${n}`, createdAt: AT } as const
  }),
  ...flows.map((_, n) => {
    return { type: 'transition', dfid: 'one', fromStatus: null, toStatus: `S${n}`, createdAt: AT } as const
  }),
]

const LARGE_BYTES = 300_000
const LARGE = JSON.stringify('x'.repeat(LARGE_BYTES))

/** Fewer than a page may hold, and more than it may weigh. */
const heavy = (n: number): readonly StorageRecord[] => {
  const id = `heavy ${n}`
  const request = { reason: '', contextJson: LARGE, proposalJson: '{}', impact: '', agentId: 'agent' }
  return [
    {
      type: 'agent',
      agentId: id,
      contractJson: LARGE,
      ...{ priority: 1, status: 'ACTIVE', agentVersion: null, sessionToken: null, suspensionReason: null },
      ...{ registeredAt: AT, updatedAt: AT },
    },
    { type: 'session', id, dataJson: LARGE, updatedAt: AT },
    { type: 'state', id, dataJson: LARGE, updatedAt: AT },
    {
      type: 'idempotency',
      key: id,
      resultJson: `{"x":${LARGE}}`,
      ...{ requestHash: null, createdAt: AT, claimedAt: null },
    },
    {
      type: 'event',
      seq: n + 1,
      dfid: 'heavy',
      event: `E${n}`,
      timestamp: AT,
      ...{ stepId: '', state: '', detailsJson: `{"x":${LARGE}}` },
    },
    { type: 'dirtyFlow', dfid: id, failedStep: 'step', partialStateJson: LARGE, createdAt: AT },
    {
      type: 'request',
      dfid: id,
      ...request,
      ...{ status: 'PENDING', createdAt: AT, resolvedAt: null, decision: null },
    },
  ]
}

const HEAVY = 6
const TYPES = heavy(0).map(({ type }) => type)

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/orders-go-through-many-pages',
      title: 'marks, requests and transitions keep the order of the records, however many an import brings',
      clause: 'importRecords: in the order of the marks, of insertion',
      asserts: 6,
      async run({ storage, assert }) {
        await storage.importRecords(whole([...ordered]))
        assert.equal(await storage.saga.getDirtyFlows(), flows, 'the marks')
        const pending = await storage.escalation.getPendingRequests()
        assert.equal(
          pending.map(({ dfid }) => dfid),
          flows,
          'the requests',
        )
        const states = range(COUNT).map((n) => `S${n}`)
        const one = await storage.lifecycle.getTransitions('one')
        assert.equal(
          one.map(({ toStatus }) => toStatus),
          states,
          'the transitions of one flow',
        )
        assert.equal(await storage.lifecycle.getCurrentStatus('one'), `S${COUNT - 1}`, 'its current status')
        const all = await storage.lifecycle.getTransitions()
        assert.equal(
          all.map(({ toStatus }) => toStatus),
          [...states, ...states],
          'all transitions',
        )
        const types = ['dirtyFlow', 'request', 'transition']
        const again = (await exported(storage)).filter(({ type }) => types.includes(type))
        assert.equal(again, ordered, 'the export')
      },
    },
    {
      id: 'transfer/large-records-leave-nothing-out',
      title: 'of records of which few fill a page, an export, an import and every list bring all',
      clause: 'exportRecords: every record; a list is whole, however large what is in it',
      asserts: 6,
      async run({ storage, assert }) {
        const all = range(HEAVY).flatMap(heavy)
        const records = TYPES.flatMap((type) => all.filter((record) => record.type === type))
        await storage.importRecords(whole(records))
        const again = (await exported(storage)).slice(0, -1)
        const count = (type: string, list: readonly StorageRecord[]) =>
          list.filter((record) => record.type === type).length
        assert.equal(
          TYPES.map((type) => [type, count(type, again)]),
          TYPES.map((type) => [type, HEAVY]),
          'how many of each kind the export has',
        )
        const { decisionAudit, saga, escalation } = storage
        const names = range(HEAVY).map((n) => `E${n}`)
        const lists = [
          await decisionAudit.eventsForDfid('heavy'),
          await decisionAudit.allEventsChronological(),
          await Array.fromAsync(decisionAudit.events({})),
        ]
        for (const list of lists)
          assert.equal(
            list.map(({ event }) => event),
            names,
            'the events of a list',
          )
        const ids = range(HEAVY).map((n) => `heavy ${n}`)
        assert.equal(await saga.getDirtyFlows(), ids, 'the marks')
        const pending = await escalation.getPendingRequests()
        assert.equal(
          pending.map(({ dfid }) => dfid),
          ids,
          'the requests',
        )
      },
    },
  ],
)
