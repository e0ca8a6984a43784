/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import type { StorageHandle, StorageRecord } from '@dir/storage-core'
import { formatMicros, hostMicros } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group, until, whole, without } from './kit.ts'
import { asked } from './escalation-decisions.ts'
import { aRequest } from './samples.ts'

const HOUR = { windowSec: 3_600 }

/** Fills an empty store with tokens of these times. */
const plantTokens = (storage: StorageHandle, agentId: string, times: readonly string[]) =>
  storage.importRecords(
    whole(times.map((createdAt): StorageRecord => ({ type: 'budgetToken', agentId, createdAt }))),
  )

/** One instant in every form in which it may be written. */
const SAME_INSTANT = [
  ...[
    '2026-03-01T10:00:00.250000Z',
    '2026-03-01 10:00:00.25',
    '2026-03-01T10:00:00.250',
    '2026-03-01T10:00:00.250Z',
  ],
  ...['2026-03-01T12:00:00.25+02:00', '2026-03-01 04:30:00.250000-0530', '2026-03-01T10:00:00.2500004+00:00'],
]

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['escalation'] }, [
    {
      id: 'escalation/window-counts-tokens-since-a-time',
      title: 'getWindowCount counts the tokens of that agent since a time, however the time is written',
      clause: 'getWindowCount(agentId, since): tokens at or after since, however it is written',
      asserts: 9,
      async run({ storage: { escalation }, id, assert }) {
        const [agentId, other] = [id('agent'), id('other')]
        await Promise.all([1, 2, 3].map(() => escalation.recordBudgetToken(agentId)))
        await escalation.recordBudgetToken(other)
        const before = [
          '2000-01-01',
          '2000-01-01T00:00:00',
          '2000-01-01 23:59:59.999999',
          '0001-01-01T00:00:00Z',
        ]
        for (const since of before) assert.equal(await escalation.getWindowCount(agentId, since), 3, since)
        const after = ['9999-12-31', '9999-12-31T23:59:59.999999Z', '2999-01-01 00:00:00+14:00']
        for (const since of after) assert.equal(await escalation.getWindowCount(agentId, since), 0, since)
        assert.equal(await escalation.getWindowCount(other, LONG_AGO), 1, 'the other agent')
        assert.equal(await escalation.getWindowCount(id('unseen'), LONG_AGO), 0, 'an unseen agent')
      },
    },
    {
      id: 'escalation/window-includes-its-first-moment',
      title: 'a token at the very start of the window counts, one a microsecond before it does not',
      clause:
        'getWindowCount: at or after since, the same instant giving the same count however it is written',
      capabilities: ['export'],
      needs: 'empty',
      asserts: 3 + SAME_INSTANT.length,
      async run({ storage, assert }) {
        await plantTokens(storage, 'agent', [
          ...['2026-03-01T10:00:00.249999Z', '2026-03-01T10:00:00.250000Z', '2026-03-01T10:00:00.250000Z'],
          ...['2026-03-01T10:00:00.250001Z', '2026-03-01T10:00:01.000000Z', '2026-02-28T23:59:59.999999Z'],
        ])
        const count = (since: string) => storage.escalation.getWindowCount('agent', since)
        for (const since of SAME_INSTANT) assert.equal(await count(since), 4, since)
        assert.equal(await count('2026-03-01T10:00:00.249999Z'), 5, 'a microsecond earlier')
        assert.equal(await count('2026-03-01T10:00:00.250001Z'), 2, 'a microsecond later')
        assert.equal(await count('2026-03-01'), 5, 'a whole day')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['escalation'] }, [
    {
      id: 'escalation/budget-grants-up-to-its-limit',
      title:
        'tryConsumeBudget grants while the window holds less than the limit, and a refusal leaves no token',
      clause: 'tryConsumeBudget → { granted, used }: never more than limit grants in any window',
      asserts: 9,
      async run({ storage: { escalation }, id, assert }) {
        const [agentId, other] = [id('agent'), id('other')]
        const take = (limit: number) => escalation.tryConsumeBudget(agentId, { ...HOUR, limit })
        assert.equal(await take(0), { granted: false, used: 0 }, 'limit 0 never grants')
        assert.equal(await take(2), { granted: true, used: 1 }, 'the first of two')
        await escalation.recordBudgetToken(other)
        assert.equal(await take(2), { granted: true, used: 2 }, 'the second of two')
        assert.equal(await take(2), { granted: false, used: 2 }, 'none left')
        assert.equal(await escalation.getWindowCount(agentId, LONG_AGO), 2, 'the tokens')
        await Promise.all([1, 2].map(() => escalation.recordBudgetToken(agentId)))
        assert.equal(await take(3), { granted: false, used: 4 }, 'tokens of every origin count')
        assert.equal(await take(5), { granted: true, used: 5 }, 'a higher limit')
        assert.equal(await take(0), { granted: false, used: 5 }, 'limit 0 again')
        assert.equal(await escalation.getWindowCount(other, LONG_AGO), 1, 'the other agent')
      },
    },
    {
      id: 'escalation/budget-comes-back-with-time',
      title: 'a budget is granted again once its tokens are older than the window, and they are all kept',
      clause: 'used counts tokens with at >= now − windowSec; no verb prunes tokens',
      asserts: 4,
      async run({ storage: { escalation }, id, assert }) {
        const agentId = id('agent')
        const take = (windowSec: number) => escalation.tryConsumeBudget(agentId, { limit: 1, windowSec })
        assert.equal(await take(3_600), { granted: true, used: 1 }, 'the first')
        const again = await until(
          () => take(0.05),
          ({ granted }) => granted,
        )
        assert.equal(again, { granted: true, used: 1 }, 'once the first is out of a short window')
        assert.equal(await take(3_600), { granted: false, used: 2 }, 'a long window holds both')
        assert.equal(await escalation.getWindowCount(agentId, LONG_AGO), 2, 'all tokens are kept')
      },
    },
    {
      id: 'escalation/budget-counts-by-the-backend-clock',
      title: 'tokens before the window do not use a budget up, those in it and in the future do',
      clause: 'used counts the tokens of every origin with at >= now − windowSec (future stamps too)',
      capabilities: ['export'],
      needs: 'empty',
      asserts: 3,
      async run({ storage, assert }) {
        const ago = (seconds: number) => formatMicros(hostMicros() - seconds * 1e6)
        await plantTokens(storage, 'agent', [
          LONG_AGO + 'T00:00:00.000000Z',
          ago(7_000),
          ago(3_000),
          ago(-86_400),
        ])
        const take = (windowSec: number) =>
          storage.escalation.tryConsumeBudget('agent', { limit: 3, windowSec })
        assert.equal(await take(10_000), { granted: false, used: 3 }, 'two in the window, one in the future')
        assert.equal(await take(5_000), { granted: true, used: 3 }, 'one in the window, one in the future')
        assert.equal(await take(1e9), { granted: false, used: 5 }, 'the longest window holds all')
      },
    },
    {
      id: 'escalation/request-within-budget-is-all-or-nothing',
      title: 'requestWithinBudget opens the request where it is granted, and touches nothing where it is not',
      clause: 'requestWithinBudget: a refused request is not inserted; a re-opened dfid consumes again',
      asserts: 9,
      async run({ storage: { escalation }, id, assert }) {
        const [agentId, dfid, refused] = [id('agent'), id('flow'), id('refused')]
        const ask = (flow: string, reason: string, limit: number) =>
          escalation.requestWithinBudget(aRequest(flow, agentId, { reason }), { ...HOUR, limit })
        const pending = async () =>
          (await escalation.getPendingRequests()).filter((request) => request.agentId === agentId)
        assert.equal(await ask(refused, 'none', 0), { granted: false, used: 0 }, 'limit 0')
        assert.equal(await ask(dfid, 'first', 2), { granted: true, used: 1 }, 'the first')
        const [first] = await pending()
        const opened = asked(dfid, agentId)
        assert.equal(without(await pending(), 'createdAt'), [{ ...opened, reason: 'first' }], 'the request')
        assert.equal(await ask(dfid, 'refused', 1), { granted: false, used: 1 }, 'the same flow, refused')
        assert.equal(await pending(), [first], 'the pending request is untouched')
        assert.equal(
          await ask(dfid, 'second', 2),
          { granted: true, used: 2 },
          'the same flow takes another token',
        )
        assert.equal(without(await pending(), 'createdAt'), [{ ...opened, reason: 'second' }], 'opened again')
        assert.equal(await ask(refused, 'late', 2), { granted: false, used: 2 }, 'another flow, refused')
        assert.equal((await pending()).length, 1, 'how many are pending')
      },
    },
  ]),
]
