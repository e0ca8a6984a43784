import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'
import { brief, group, without } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** Free text may be any of the ids, empty, or long. */
const TEXTS: readonly string[] = ['', ...HOSTILE_IDS, 'x'.repeat(65_536), 'é'.repeat(32_768)]

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: PROTOCOLS }, [
  {
    id: 'values/free-text-is-kept',
    title: 'free text may be any well-formed text without NUL, up to 64 KiB, and comes out as it went in',
    needs: 'empty',
    clause: 'free text: well-formed, no NUL, ≤ 64 KiB of UTF-8; may be empty',
    asserts: 5 * TEXTS.length,
    async run({ storage, id, assert }) {
      const { agentRegistry, decisionAudit, saga, escalation, lifecycle } = storage
      const agentId = id('agent')
      for (const text of TEXTS) {
        const dfid = id('flow')
        const agent = { agentVersion: text, sessionToken: text, status: text }
        await Promise.all([
          agentRegistry.upsertAgent(anAgent(dfid, agent)),
          agentRegistry.updateStatus(dfid, text, text),
          decisionAudit.record(dfid, text, { stepId: text, state: text }),
          saga.markDirty(dfid, text, '{}'),
          escalation.insertRequest(aRequest(dfid, agentId, { reason: text, impact: text })),
          lifecycle.recordTransition(dfid, text, text),
        ])
        const what = brief(text)
        const found = await agentRegistry.getAgent(dfid)
        const kept = found === null ? [] : without([found], 'agentId', 'contract', 'contractJson', 'priority')
        const status = await agentRegistry.getStatus(dfid)
        assert.equal(
          [kept, status],
          [[agent], { status: text, suspensionReason: text }],
          `an agent's ${what}`,
        )
        const [event] = await decisionAudit.eventsForDfid(dfid)
        assert.equal([event?.event, event?.stepId, event?.state], [text, text, text], `an event's ${what}`)
        assert.equal((await saga.getDirtyState(dfid))?.failedStep, text, `a mark's ${what}`)
        const request = (await escalation.getPendingRequests()).find((one) => one.dfid === dfid)
        assert.equal([request?.reason, request?.impact], [text, text], `a request's ${what}`)
        const [move] = await lifecycle.getTransitions(dfid)
        assert.equal([move?.fromStatus, move?.toStatus], [text, text], `a transition's ${what}`)
        await escalation.resolveRequest(dfid, '2026-03-01', text, null)
      }
    },
  },
])
