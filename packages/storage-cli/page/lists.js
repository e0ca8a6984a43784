import { html } from './lit-html/lit-html.js'
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

/**
 * @param {string | null} one
 * @param {string} between
 * @param {string | null} other
 */
function both(one, between, other) {
  const [before, after] = [one ?? '', other ?? '']
  if (before === '' || after === '') return text(before || after)
  return html`<span class="pair">${text(before)} <span class="age">${between}</span> ${text(after)}</span>`
}

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
      ['Agent', ({ agentId }) => agentLink(agentId), 'id agent'],
      [
        'Reason',
        ({ reason, impact }) => html`<span>${text(reason)} <span class="age">${text(impact)}</span></span>`,
        'wide',
      ],
      ['Proposal', ({ proposalJson }) => json(proposalJson), 'wide'],
      ['Decision', ({ decision, resolvedBy }) => both(decision, 'by', resolvedBy)],
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
      ['Agent', ({ agentId }) => agentLink(agentId), 'id agent'],
      ['Status', ({ status }) => badge(status)],
      ['Tokens in 1 h', ({ tokensOfHour }) => tokensOfHour, 'number'],
      ['in 24 h', ({ tokensOfDay }) => tokensOfDay, 'number'],
      ['Updated (UTC)', ({ updatedAt }) => since(updatedAt)],
      ['Suspended because', ({ suspensionReason }) => text(suspensionReason), 'wide'],
      ['Version', ({ agentVersion }) => text(agentVersion)],
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
      ['Agent', ({ agentId }) => agentLink(agentId), 'id agent'],
      ['Step, state', ({ stepId, state }) => both(stepId, '→', state)],
      ['Details', ({ detailsJson }) => json(detailsJson), 'wide'],
    ],
  },
}
