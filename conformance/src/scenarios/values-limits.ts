import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

const TOO_LARGE = 'STORAGE_VALUE_TOO_LARGE'
const LIMIT = 40

/** A JSON string of `bytes` bytes of UTF-8, filled with one character as far as it goes. */
function jsonOf(bytes: number, character: string): string {
  const times = Math.floor((bytes - 2) / Buffer.byteLength(character))
  const text = `"${character.repeat(times)}"`
  return text.replace('"', `"${'x'.repeat(bytes - Buffer.byteLength(text))}`)
}

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: PROTOCOLS }, [
  {
    id: 'values/the-size-limit-counts-bytes',
    title: 'JSON may take maxValueBytes bytes of UTF-8, and one that takes a byte more is refused',
    clause: 'JSON text: ≤ maxValueBytes, the JSON of one record together; else ValueTooLargeError',
    asserts: 15,
    async run({ open, id, assert }) {
      const { agentRegistry, context, saga, escalation } = await open({ maxValueBytes: LIMIT })
      const writes: [argument: string, operation: string, write: (json: string) => Promise<unknown>][] = [
        [
          'contractJson',
          'upsertAgent',
          (json) => agentRegistry.upsertAgent(anAgent(id(), { contractJson: json })),
        ],
        ['dataJson', 'setSession', (json) => context.setSession(id(), json)],
        ['dataJson', 'setState', (json) => context.setState(id(), json)],
        ['partialStateJson', 'markDirty', (json) => saga.markDirty(id(), 'step', json)],
        [
          'proposalJson',
          'resolveRequest',
          (json) => escalation.resolveRequest(id(), '2026-03-01', 'x', json),
        ],
      ]
      for (const [argument, operation, write] of writes)
        for (const character of ['x', 'é', '😀']) {
          await write(jsonOf(LIMIT, character))
          const fields = { argument, operation, bytes: LIMIT + 1, limit: LIMIT, outcome: 'not-applied' }
          const more = () => write(jsonOf(LIMIT + 1, character))
          await assert.rejects(more, TOO_LARGE, `${operation} of ${character}`, fields)
        }
    },
  },
  {
    id: 'values/the-size-limit-is-that-of-a-record',
    title: 'the context and the proposal of a request share one limit',
    clause: 'JSON text: ≤ maxValueBytes, the JSON of one record together',
    asserts: 4,
    async run({ open, id, assert }) {
      const { escalation } = await open({ maxValueBytes: LIMIT })
      const agentId = id('agent')
      const insert = (context: number, proposal: number) => {
        const texts = { contextJson: jsonOf(context, 'é'), proposalJson: jsonOf(proposal, 'é') }
        return escalation.insertRequest(aRequest(id('flow'), agentId, texts))
      }
      await insert(10, LIMIT - 10)
      await insert(LIMIT - 3, 3)
      const over = { bytes: LIMIT + 1, limit: LIMIT }
      await assert.rejects(() => insert(11, LIMIT - 10), TOO_LARGE, 'together a byte more', {
        ...over,
        argument: 'proposalJson',
      })
      await assert.rejects(() => insert(LIMIT - 2, 3), TOO_LARGE, 'together a byte more', {
        ...over,
        argument: 'proposalJson',
      })
      await assert.rejects(() => insert(LIMIT + 1, 3), TOO_LARGE, 'the context alone', {
        ...over,
        argument: 'contextJson',
      })
      const mine = (await escalation.getPendingRequests()).filter((request) => request.agentId === agentId)
      assert.equal(mine.length, 2, 'how many requests are pending')
    },
  },
  {
    id: 'values/the-size-limit-counts-encoded-objects',
    title: 'a result or details may take maxValueBytes bytes as encoded, and one that takes more is refused',
    clause: 'objects to encode: encoded size ≤ maxValueBytes',
    asserts: 7,
    async run({ open, id, assert }) {
      const { idempotency, decisionAudit } = await open({ maxValueBytes: LIMIT })
      const [key, dfid] = [id('key'), id('flow')]
      // {"t": "…"} takes nine bytes, and é six: \u00e9
      const most = { t: `x${'é'.repeat(5)}` }
      const more = { t: `xx${'é'.repeat(5)}` }
      await idempotency.set(key, most)
      await decisionAudit.record(dfid, 'E', { details: most })
      const fields = { limit: LIMIT, outcome: 'not-applied' }
      for (const large of [more, { t: 'x'.repeat(1_000_000) }]) {
        await assert.rejects(() => idempotency.set(key, large), TOO_LARGE, 'a result', {
          ...fields,
          argument: 'result',
        })
        await assert.rejects(
          () => decisionAudit.record(dfid, 'E', { details: large }),
          TOO_LARGE,
          'details',
          {
            ...fields,
            argument: 'details',
          },
        )
      }
      assert.equal(await idempotency.get(key), most, 'the result')
      const events = await decisionAudit.eventsForDfid(dfid)
      assert.equal(events.length, 1, 'how many events')
      assert.equal(events[0]?.details, most, 'its details')
    },
  },
  {
    id: 'values/eight-mebibytes-are-stored',
    title: 'without another limit, JSON of 8 MiB is stored and a byte more is refused',
    clause: 'maxValueBytes: default 8 MiB',
    asserts: 3,
    async run({ storage: { context }, id, assert }) {
      const dfid = id('flow')
      const limit = 8 * 1024 * 1024
      const most = jsonOf(limit, '😀')
      await context.setSession(dfid, most)
      assert.ok((await context.getSession(dfid)) === most, 'the text comes out again')
      const more = jsonOf(limit + 1, '😀')
      await assert.rejects(() => context.setSession(dfid, more), TOO_LARGE, 'a byte more', {
        bytes: limit + 1,
        limit,
      })
      assert.ok((await context.getSession(dfid)) === most, 'the text stays')
    },
  },
])
