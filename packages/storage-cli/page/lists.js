import { amount, badge, flowLink, json, link, since, text, time } from './parts.js'

/** @typedef {import('./parts.js').Column<any>} Column */

/**
 * @typedef {object} List
 * @property {string} title
 * @property {string} about
 * @property {string} none
 * @property {readonly Column[]} columns
 * @property {readonly Field[]} fields
 */

/** @typedef {{ name: string, label: string, choices?: readonly (readonly [value: string, label: string])[] }} Field */

/** @type {Field} */
const FLOW = { name: 'flow', label: 'Flow' }
/** @type {Field} */
const AGENT = { name: 'agent', label: 'Agent' }

/** @param {string | null} agent */
const agentLink = (agent) => (agent === null ? text(null) : link('log', { agent }, agent))

/** @type {Record<string, List>} */
export const LISTS = {
  flows: {
    title: 'Flows',
    about: 'Each flow with where it stands; the one that has stood there longest comes first.',
    none: 'No flow has a status.',
    fields: [{ name: 'status', label: 'Status' }],
    columns: [
      ['Flow', ({ dfid }) => flowLink(dfid), 'id'],
      ['Status', ({ status }) => badge(status)],
      ['Since (UTC)', (flow) => since(flow.since)],
    ],
  },
  holds: {
    title: 'Capital',
    about: 'What is reserved, by which flow and since when; the oldest comes first.',
    none: 'Nothing is reserved.',
    fields: [{ name: 'resource', label: 'Resource' }, FLOW],
    columns: [
      ['Resource', ({ resourceId }) => link('holds', { resource: resourceId }, resourceId), 'id'],
      ['Amount', (hold) => amount(hold.amount), 'number'],
      ['Held by', ({ dfid }) => flowLink(dfid), 'id'],
      ['Since (UTC)', ({ acquiredAt }) => since(acquiredAt)],
      ['Until (UTC)', ({ expiresAt }) => (expiresAt === null ? 'released' : since(expiresAt))],
      ['Fence', ({ fence }) => fence, 'number'],
    ],
  },
  requests: {
    title: 'Requests',
    about: 'What went to a human, and what they decided; the oldest comes first.',
    none: 'No request is there.',
    fields: [
      {
        name: 'status',
        label: 'Status',
        choices: [
          ['PENDING', 'waiting'],
          ['RESOLVED', 'decided'],
        ],
      },
      AGENT,
    ],
    columns: [
      ['Flow', ({ dfid }) => flowLink(dfid), 'id'],
      ['Status', ({ status }) => badge(status)],
      ['Asked (UTC)', ({ createdAt }) => since(createdAt)],
      ['Agent', ({ agentId }) => agentLink(agentId), 'id'],
      ['Impact', ({ impact }) => text(impact)],
      ['Reason', ({ reason }) => text(reason), 'wide'],
      ['Proposal', ({ proposalJson }) => json(proposalJson), 'wide'],
      ['Decision', ({ decision }) => text(decision)],
      ['By', ({ resolvedBy }) => text(resolvedBy)],
    ],
  },
  claims: {
    title: 'Claims',
    about:
      'Effects that were begun and have no result. Of an ambiguous one nobody knows whether it happened: look, then end it with its token.',
    none: 'Every effect that was begun has a result.',
    fields: [
      {
        name: 'state',
        label: 'State',
        choices: [
          ['ambiguous', 'ambiguous'],
          ['inFlight', 'in flight'],
        ],
      },
      FLOW,
    ],
    columns: [
      ['Key', ({ key }) => text(key), 'id'],
      ['State', ({ state }) => badge(state === 'inFlight' ? 'in flight' : state)],
      ['Flow', ({ dfid }) => flowLink(dfid), 'id'],
      ['Step', ({ stepId }) => text(stepId)],
      ['Since (UTC)', (claim) => since(claim.since)],
      ['Lease until (UTC)', ({ until }) => since(until)],
    ],
  },
  dirty: {
    title: 'Dirty flows',
    about: 'Flows that broke half-way and wait to be compensated; the oldest comes first.',
    none: 'No flow is marked.',
    fields: [],
    columns: [
      ['Flow', ({ dfid }) => flowLink(dfid), 'id'],
      ['Failed step', ({ failedStep }) => text(failedStep)],
      ['Since (UTC)', ({ markedAt }) => since(markedAt)],
      ['What was done', ({ partialStateJson }) => json(partialStateJson), 'wide'],
    ],
  },
  agents: {
    title: 'Agents',
    about:
      'A store lists no budgets, since each request brings its own limit: here are the tokens that registered agents have used, by the clock of this machine.',
    none: 'No agent is registered.',
    fields: [{ name: 'status', label: 'Status' }],
    columns: [
      ['Agent', ({ agentId }) => agentLink(agentId), 'id'],
      ['Status', ({ status }) => badge(status)],
      ['Tokens, 1 h', ({ tokensOfHour }) => tokensOfHour, 'number'],
      ['Tokens, 24 h', ({ tokensOfDay }) => tokensOfDay, 'number'],
      ['Version', ({ agentVersion }) => text(agentVersion)],
      ['Priority', ({ priority }) => priority, 'number'],
      ['Updated (UTC)', ({ updatedAt }) => since(updatedAt)],
      ['Suspended because', ({ suspensionReason }) => text(suspensionReason), 'wide'],
      ['Contract', ({ contractJson }) => json(contractJson), 'wide'],
    ],
  },
  log: {
    title: 'Log',
    about: 'What was decided and why; what happened last comes first.',
    none: 'No event is there.',
    fields: [
      FLOW,
      { name: 'event', label: 'Event' },
      AGENT,
      { name: 'from', label: 'From (UTC)' },
      { name: 'until', label: 'Until (UTC)' },
    ],
    columns: [
      ['#', ({ seq }) => seq, 'number'],
      ['Time (UTC)', ({ timestamp }) => time(timestamp)],
      ['Flow', ({ dfid }) => flowLink(dfid), 'id'],
      ['Event', ({ event }) => link('log', { event }, event)],
      ['Agent', ({ agentId }) => agentLink(agentId), 'id'],
      ['Step', ({ stepId }) => text(stepId)],
      ['State', ({ state }) => text(state)],
      ['Details', ({ detailsJson }) => json(detailsJson), 'wide'],
    ],
  },
}
