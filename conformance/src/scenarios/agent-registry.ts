import type { Scenario } from '../scenario.ts'
import { SORTED_IDS } from './hostile-ids.ts'
import { group } from './kit.ts'
import { anAgent } from './samples.ts'

const NOT_QUITE_ACTIVE = ['active', 'Active', 'ACTIVE ', ' ACTIVE', 'ACTIVE\n', 'INACTIVE', 'ACTIV', '%', '']

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['agentRegistry'] }, [
  {
    id: 'agent-registry/upsert-keeps-the-suspension-reason',
    title: 'an upsert replaces everything of an agent except the suspension reason',
    clause: 'upsertAgent: an existing agent keeps its suspension reason',
    asserts: 3,
    async run({ storage: { agentRegistry }, id, assert }) {
      const agentId = id('agent')
      await agentRegistry.upsertAgent(anAgent(agentId))
      await agentRegistry.updateStatus(agentId, 'SUSPENDED', 'limit breached')
      const texts = { contractJson: '[]', status: 'REVIEW', agentVersion: null, sessionToken: '' }
      const changed = { priority: 9, ...texts }
      await agentRegistry.upsertAgent(anAgent(agentId, changed))
      assert.equal(await agentRegistry.getAgent(agentId), { agentId, contract: [], ...changed }, 'the agent')
      assert.equal(
        await agentRegistry.getStatus(agentId),
        { status: 'REVIEW', suspensionReason: 'limit breached' },
        'status and reason after the upsert',
      )
      await agentRegistry.updateStatus(agentId, 'ACTIVE', null)
      await agentRegistry.upsertAgent(anAgent(agentId))
      assert.equal(
        await agentRegistry.getStatus(agentId),
        { status: 'ACTIVE', suspensionReason: null },
        'a cleared reason stays cleared',
      )
    },
  },
  {
    id: 'agent-registry/upsert-keeps-the-registration-time',
    title: 'an upsert keeps the time at which the agent was first registered',
    clause: 'upsertAgent: an existing agent keeps its registration time',
    capabilities: ['export'],
    needs: 'empty',
    asserts: 2,
    async run({ storage, assert }) {
      const exported = async () => {
        const records = await Array.fromAsync(storage.exportRecords())
        return records.filter((record) => record.type === 'agent')
      }
      await storage.agentRegistry.upsertAgent(anAgent('agent'))
      const [first] = await exported()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await storage.agentRegistry.upsertAgent(anAgent('agent', { priority: 6 }))
      await storage.agentRegistry.updateStatus('agent', 'SUSPENDED', 'x')
      const [last] = await exported()
      assert.equal(last?.registeredAt, first?.registeredAt, 'the registration time')
      assert.ok(
        first !== undefined && last !== undefined && last.updatedAt > first.updatedAt,
        'the time of the last change moves on',
      )
    },
  },
  {
    id: 'agent-registry/update-status-tells-whether-the-agent-exists',
    title: 'updateStatus is true for an existing agent, equal values included, and false for an unknown one',
    clause: 'updateStatus: true if the agent exists, equal values included; an unknown one is not created',
    asserts: 7,
    async run({ storage: { agentRegistry }, id, assert }) {
      const [known, unknown] = [id('known'), id('unknown')]
      await agentRegistry.upsertAgent(anAgent(known))
      assert.equal(await agentRegistry.updateStatus(known, 'SUSPENDED', 'why'), true, 'new values')
      assert.equal(await agentRegistry.updateStatus(known, 'SUSPENDED', 'why'), true, 'the same values again')
      assert.equal(
        await agentRegistry.getAgent(known),
        { ...anAgent(known), contract: { role: 'trader' }, status: 'SUSPENDED' },
        'the rest of the agent stays',
      )
      assert.equal(await agentRegistry.updateStatus(known, 'ACTIVE', null), true, 'without a reason')
      assert.equal(
        await agentRegistry.getStatus(known),
        { status: 'ACTIVE', suspensionReason: null },
        'null clears',
      )
      assert.equal(await agentRegistry.updateStatus(unknown, 'SUSPENDED', 'why'), false, 'an unknown agent')
      assert.equal(await agentRegistry.getStatus(unknown), null, 'the unknown agent is still unknown')
    },
  },
  {
    id: 'agent-registry/null-is-not-empty-text',
    title: 'null and empty text are told apart in every field that may be null',
    clause: 'upsertAgent, updateStatus: what goes in comes out, null as null',
    asserts: 4,
    async run({ storage: { agentRegistry }, id, assert }) {
      for (const value of ['', null]) {
        const agentId = id('agent')
        await agentRegistry.upsertAgent(
          anAgent(agentId, { agentVersion: value, sessionToken: value, status: '' }),
        )
        await agentRegistry.updateStatus(agentId, '', value)
        const agent = await agentRegistry.getAgent(agentId)
        assert.equal([agent?.agentVersion, agent?.sessionToken], [value, value], 'version and session')
        assert.equal(
          await agentRegistry.getStatus(agentId),
          { status: '', suspensionReason: value },
          'status',
        )
      }
    },
  },
  {
    id: 'agent-registry/priority-is-any-int32',
    title: 'a priority keeps its exact value over the whole int32 range',
    clause: 'upsertAgent: priority is an integer in the int32 range',
    asserts: 1,
    async run({ storage: { agentRegistry }, id, assert }) {
      const agentId = id('agent')
      const seen: unknown[] = []
      for (const priority of [2_147_483_647, -2_147_483_648, -1, 0, -0]) {
        await agentRegistry.upsertAgent(anAgent(agentId, { priority }))
        seen.push((await agentRegistry.getAgent(agentId))?.priority)
      }
      assert.equal(seen, [2_147_483_647, -2_147_483_648, -1, 0, 0], 'the priorities')
    },
  },
  {
    id: 'agent-registry/active-agents-are-listed-in-id-order',
    title: 'listActiveAgents gives the agents whose status is exactly ACTIVE, sorted by code point',
    clause: 'listActiveAgents: ids with status ACTIVE, in id order; ids sort by their UTF-8 bytes',
    needs: 'empty',
    asserts: 4,
    async run({ storage: { agentRegistry }, assert }) {
      assert.equal(await agentRegistry.listActiveAgents(), [], 'an empty store')
      const shuffled = SORTED_IDS.toSorted((a, b) => (a.length % 2) - (b.length % 2)).toReversed()
      for (const agentId of shuffled) await agentRegistry.upsertAgent(anAgent(agentId))
      await Promise.all(
        NOT_QUITE_ACTIVE.map((status) => agentRegistry.upsertAgent(anAgent(`status ${status}`, { status }))),
      )
      assert.equal(await agentRegistry.listActiveAgents(), SORTED_IDS, 'only and all active agents')
      await agentRegistry.updateStatus('Z', 'SUSPENDED', null)
      await agentRegistry.upsertAgent(anAgent('a', { status: 'RETIRED' }))
      const left = SORTED_IDS.filter((agentId) => agentId !== 'Z' && agentId !== 'a')
      assert.equal(await agentRegistry.listActiveAgents(), left, 'without those that are not active any more')
      await agentRegistry.updateStatus('Z', 'ACTIVE', 'back')
      assert.equal(
        await agentRegistry.listActiveAgents(),
        SORTED_IDS.filter((agentId) => agentId !== 'a'),
        'an agent that is active again',
      )
    },
  },
])
