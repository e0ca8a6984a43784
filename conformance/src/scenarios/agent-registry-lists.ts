import type { AgentFilter, AgentRegistryStorage, StoredAgent } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { SORTED_IDS } from './hostile-ids.ts'
import { TIME, group, range, without } from './kit.ts'
import { anAgent } from './samples.ts'

/** As many as several pages hold. */
const MANY = 1_150

const read = (agents: AgentRegistryStorage, filter?: AgentFilter): Promise<StoredAgent[]> =>
  Array.fromAsync(agents.listAgents(filter))

const idsOf = async (agents: AgentRegistryStorage, filter?: AgentFilter): Promise<string[]> =>
  (await read(agents, filter)).map(({ agentId }) => agentId)

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['agentRegistry'], needs: 'empty' },
  [
    {
      id: 'agent-registry/agents-are-listed',
      title:
        'listAgents gives the agents of any status, or of exactly the one asked for, sorted by code point',
      clause: 'listAgents({ status? }): sorted by the UTF-8 bytes of the ids',
      asserts: 10,
      async run({ storage: { agentRegistry }, assert }) {
        assert.equal(await read(agentRegistry), [], 'an empty store')
        const statuses = ['ACTIVE', 'SUSPENDED', 'active', 'ACTIVE ', '']
        const statusOf = (id: string) => statuses[SORTED_IDS.indexOf(id) % statuses.length] as string
        const shuffled = SORTED_IDS.toSorted((a, b) => (a.length % 2) - (b.length % 2)).toReversed()
        for (const id of shuffled) await agentRegistry.upsertAgent(anAgent(id, { status: statusOf(id) }))
        for (const filter of [undefined, {}])
          assert.equal(await idsOf(agentRegistry, filter), SORTED_IDS, 'all')
        for (const status of statuses)
          assert.equal(
            await idsOf(agentRegistry, { status }),
            SORTED_IDS.filter((id) => statusOf(id) === status),
            `those of the status ${JSON.stringify(status)}`,
          )
        assert.equal(await read(agentRegistry, { status: 'SUSPENDE%' }), [], 'those of a pattern')
        assert.equal(
          await idsOf(agentRegistry, { status: 'ACTIVE' }),
          await agentRegistry.listActiveAgents(),
          'as listActiveAgents has them',
        )
      },
    },
    {
      id: 'agent-registry/listed-agents-are-whole',
      title:
        'listAgents shows of an agent what getAgent and getStatus show, when it came and when it changed',
      clause: 'listAgents: with suspensionReason, registeredAt and updatedAt',
      asserts: 6,
      async run({ storage: { agentRegistry }, assert }) {
        await agentRegistry.upsertAgent(anAgent('a', { agentVersion: null, contractJson: '[1.0, "é"]' }))
        await agentRegistry.upsertAgent(anAgent('b', { priority: -1, sessionToken: '' }))
        await agentRegistry.updateStatus('b', 'SUSPENDED', 'limit breached')
        const listed = await read(agentRegistry)
        const expected = ['a', 'b'].map(async (id) => {
          return { ...(await agentRegistry.getAgent(id)), ...(await agentRegistry.getStatus(id)) }
        })
        assert.equal(
          without(listed, 'registeredAt', 'updatedAt'),
          await Promise.all(expected),
          'what others show, too',
        )
        const times = listed.flatMap(({ registeredAt, updatedAt }) => [registeredAt, updatedAt].map(String))
        assert.ok(
          times.every((time) => TIME.test(time)),
          'the times',
        )
        await new Promise((resolve) => setTimeout(resolve, 5))
        await agentRegistry.upsertAgent(anAgent('a', { status: 'SUSPENDED' }))
        await agentRegistry.updateStatus('b', 'ACTIVE', null)
        const later = await read(agentRegistry)
        assert.equal(
          later.map(({ registeredAt }) => registeredAt),
          listed.map(({ registeredAt }) => registeredAt),
          'when they came stays',
        )
        assert.ok(
          later.every(({ updatedAt }, n) => String(updatedAt) > String(listed[n]?.updatedAt)),
          'when they changed moves on',
        )
        assert.equal(
          later.map(({ status, suspensionReason }) => [status, suspensionReason]),
          [
            ['SUSPENDED', null],
            ['ACTIVE', null],
          ],
          'their statuses',
        )
        assert.equal(await idsOf(agentRegistry, { status: 'SUSPENDED' }), ['a'], 'of the new status')
      },
    },
    {
      id: 'agent-registry/the-list-goes-through-many-pages',
      title: 'listAgents gives every agent once and in order, however many there are and however few fit',
      clause: 'listAgents: page by page, up to what is there when it gets there',
      asserts: 5,
      async run({ storage: { agentRegistry }, open, assert }) {
        const ids = range(MANY).map((n) => `agent ${String(n).padStart(4, '0')}`)
        const statusOf = (n: number): string =>
          n === 3 || n > MANY - 3 ? 'rare' : n % 2 === 0 ? 'ACTIVE' : 'X'
        for (let n = 0; n < MANY; n += 230)
          await Promise.all(
            range(230).map((i) => {
              const at = ((n + i) * 37) % MANY
              return agentRegistry.upsertAgent(anAgent(ids[at] ?? '', { status: statusOf(at) }))
            }),
          )
        assert.equal(await idsOf(agentRegistry), ids, 'all')
        for (const status of ['ACTIVE', 'X', 'rare'])
          assert.equal(
            await idsOf(agentRegistry, { status }),
            ids.filter((_, n) => statusOf(n) === status),
            `those that are ${status}`,
          )
        const writer = (await open()).agentRegistry
        const seen: string[] = []
        for await (const { agentId, status } of agentRegistry.listAgents()) {
          seen.push(`${agentId} ${status}`)
          if (seen.length > 1) continue
          for (const late of ['agent 0000.5', 'agent 1100.5', 'z'])
            await writer.upsertAgent(anAgent(late, { status: 'late' }))
          await writer.updateStatus('agent 1101', 'changed', null)
        }
        const expected = ids.map((id, n) => `${id} ${n === 1101 ? 'changed' : statusOf(n)}`)
        expected.splice(1101, 0, 'agent 1100.5 late')
        const ahead = seen.filter((one) => one !== 'agent 0000.5 late') // whether it is still ahead is the backend's affair
        assert.equal(ahead, [...expected, 'z late'], 'what comes and changes ahead of a reader')
      },
    },
  ],
)
