/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { TIME, group } from './kit.ts'

const T = (value: unknown): unknown => (typeof value === 'string' && TIME.test(value) ? 'a time' : value)

/** A record whose times are only known to be times. */
const timeless = (record: object): object =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, T(value)]))

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: PROTOCOLS, capabilities: ['export'], needs: 'empty' },
  [
    {
      id: 'transfer/exports-the-canonical-form',
      title: 'every kind of record is exported in its canonical form',
      clause: 'exportRecords: every record of every protocol, with its times, in one canonical typed form',
      level: 'atomic',
      asserts: 10,
      async run({ storage, assert }) {
        const { decisionAudit, resourceLock } = storage
        await fill(storage)
        const all = await exported(storage)
        const records = (...types: string[]) => all.filter(({ type }) => types.includes(type)).map(timeless)
        const sorted = <K extends string>(key: K, list: readonly object[]) =>
          list.toSorted((a, b) =>
            String((a as Record<K, unknown>)[key]) < String((b as Record<K, unknown>)[key]) ? -1 : 1,
          )
        const at = 'a time'
        const agent = {
          type: 'agent',
          registeredAt: at,
          updatedAt: at,
          agentVersion: null,
          sessionToken: 'session-1',
        }
        assert.equal(
          sorted('agentId', records('agent')),
          [
            {
              ...agent,
              ...{ agentId: '__proto__', contractJson: '{"role": "trader"}', priority: -7, status: 'x' },
              ...{ agentVersion: '1.0', sessionToken: '', suspensionReason: null },
            },
            {
              ...agent,
              ...{
                agentId: 'z',
                contractJson: '{ "b" : 1.0 }',
                priority: 5,
                status: 'SUSPENDED',
                suspensionReason: '',
              },
            },
          ],
          'agents',
        )
        const text = (type: string, id: string, dataJson: string) => ({ type, id, dataJson, updatedAt: at })
        assert.equal(
          [...sorted('id', records('session')), ...records('state')],
          [text('session', 'a', 'null'), text('session', 'b', ' [1.0] '), text('state', 'b', '"\\ud800"')],
          'sessions and states',
        )
        const effect = { type: 'idempotency', createdAt: at, claimedAt: null, requestHash: null }
        assert.equal(
          sorted('key', records('idempotency'))
            .slice(1)
            .map((one) => ({ ...one, createdAt: at })),
          [
            { ...effect, key: 'completed', resultJson: '{"n": 2}', requestHash: 'A' },
            { ...effect, key: 'done', resultJson: '{"n": 1}' },
          ],
          'results',
        )
        const [claim] = sorted('key', records('idempotency'))
        assert.equal(
          { ...claim, createdAt: null },
          { ...effect, key: 'claimed', resultJson: null, requestHash: 'B', createdAt: null, claimedAt: at },
          'a claim',
        )
        const events = await decisionAudit.allEventsChronological()
        assert.equal(
          records('event'),
          events.map(({ details, timestamp: _, agentId, ...event }) => ({
            type: 'event',
            timestamp: at,
            ...event,
            ...(agentId === null ? {} : { agentId }),
            detailsJson: `{"n": ${String(details?.['n'])}}`,
          })),
          'events',
        )
        const mark = (dfid: string) => ({
          type: 'dirtyFlow',
          dfid,
          failedStep: `step ${dfid}`,
          partialStateJson: '{"n": 1}',
          createdAt: at,
        })
        assert.equal(records('dirtyFlow'), [mark('a'), mark('b'), mark('c')], 'marks, in their order')
        const holds = await resourceLock.getHolds()
        assert.equal(
          sorted('fence', records('hold')),
          holds.map((hold) => ({ type: 'hold', ...timeless(hold) })),
          'holds',
        )
        const counts = [
          { dfid: 'a', count: 2_147_483_647 },
          { dfid: 'b', count: 0 },
        ]
        assert.equal(
          sorted('dfid', records('retryCount')),
          counts.map((count) => ({ type: 'retryCount', updatedAt: at, ...count })),
          'counts',
        )
        assert.equal(
          records('transition'),
          [
            ['b', null],
            ['a', ''],
            ['b', 'S'],
          ].map(([dfid, fromStatus]) => ({
            type: 'transition',
            dfid,
            fromStatus,
            toStatus: 'S',
            createdAt: at,
          })),
          'transitions, in their order',
        )
        assert.equal(
          all.at(-1),
          {
            type: 'counters',
            seq: events.at(-1)?.seq,
            fence: (holds.at(-1)?.fence ?? 0) + 1,
            records: all.length - 1,
          },
          'the counters, with what was released',
        )
      },
    },
  ],
)
