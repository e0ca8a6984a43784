import { ask } from './api.js'
import { html, nothing } from './lit-html/lit-html.js'
import { badge, json, link, loading, note, text, time, trouble } from './parts.js'
import { grouped, visible } from './text.js'

/** @typedef {import('../src/inspect/answers.ts').FlowAnswer} FlowAnswer */
/** @typedef {FlowAnswer['story'][number]} Happened */

const LIMIT = 500
const MOST = 10_000

/** What each kind is called, and which protocol tells it. */
const KINDS = {
  transition: ['Transition', 'lifecycle'],
  event: ['Event', 'audit log'],
  hold: ['Hold', 'resource lock'],
  claim: ['Claim', 'idempotency'],
  request: ['Request', 'escalation'],
  decision: ['Decision', 'escalation'],
  mark: ['Dirty', 'saga'],
}

/**
 * All that is known of a flow.
 * @param {import('./main.js').Stage} stage
 */
export async function showFlow({ params: { id = '' }, draw, announce, signal }) {
  const head = html`<h1><bdi class="id">${visible(id)}</bdi></h1>`
  /** @param {number} limit */
  const load = async (limit) => {
    draw(id, html`${head}${loading}`)
    try {
      /** @type {FlowAnswer | null} */
      const answer = await ask('flow', { id, limit }, signal)
      draw(
        id,
        html`${head}${answer === null ? note('Nothing is known of this flow.') : story(answer, () => void load(MOST))}`,
      )
      announce(answer === null ? 'Nothing is known of this flow.' : `${answer.story.length} entries`)
    } catch (error) {
      draw(id, html`${head}${trouble(/** @type {Error} */ (error).message)}`)
    }
  }
  await load(LIMIT)
}

/**
 * @param {FlowAnswer} answer
 * @param {() => void} showAll
 */
function story({ dfid, status, rejections, session, agents, story, earlier }, showAll) {
  return html`<dl class="facts">
      <div>
        <dt>Status <span class="protocol">· lifecycle</span></dt>
        <dd>${badge(status)}</dd>
      </div>
      <div>
        <dt>Rejections <span class="protocol">· intent retry</span></dt>
        <dd>${grouped(rejections)}</dd>
      </div>
      <div>
        <dt>Agents <span class="protocol">· registry</span></dt>
        <dd>
          ${
            agents.length === 0
              ? text(null)
              : agents.map(
                  ({ agentId, status }) =>
                    html`${link('log', { agent: agentId, flow: dfid }, agentId)}${status === null ? ' (not registered) ' : html` ${badge(status)} `}`,
                )
          }
        </dd>
      </div>
      <div class="wide">
        <dt>What it knows <span class="protocol">· context</span></dt>
        <dd>${json(session)}</dd>
      </div>
    </dl>
    <div class="title">
      <h2>Timeline</h2>
      ${link('log', { flow: dfid }, 'Its events in the log')}
    </div>
    ${
      earlier === 0
        ? nothing
        : html`<p class="box">
            ${grouped(earlier)} earlier entries are left out.
            ${story.length < MOST ? html`<button type="button" @click=${showAll}>Show them</button>` : nothing}
          </p>`
    }
    <ol class="timeline">
      ${story.map((one, at) => entry(one, story[at - 1]))}
    </ol>`
}

/**
 * @param {Happened} happened
 * @param {Happened | undefined} before
 */
function entry({ at, kind, text: words, record }, before) {
  const [label, protocol] = KINDS[kind]
  return html`<li class=${kind}>
    <div class="when">${time(at)} ${later(before?.at ?? null, at)}</div>
    <div class="kind"><strong>${label}</strong> <span class="protocol">${protocol}</span></div>
    <div class="what">${told(kind, words, record)}</div>
  </li>`
}

/** @param {string | null} before @param {string | null} at */
function later(before, at) {
  if (before === null || at === null) return nothing
  const ms = Date.parse(at) - Date.parse(before)
  if (ms <= 0) return nothing
  const [count, unit] = ms < 1_000 ? [ms, 'ms'] : ms < 120_000 ? [ms / 1_000, 's'] : [ms / 60_000, 'min']
  return html`<span class="age">+${grouped(Math.round(count * 10) / 10)} ${unit}</span>`
}

/**
 * @param {Happened['kind']} kind
 * @param {string} words
 * @param {any} record
 */
function told(kind, words, record) {
  if (kind === 'transition')
    return html`${record.fromStatus === null ? 'begins as' : html`${badge(record.fromStatus)} →`}
    ${badge(record.toStatus)}`
  if (kind !== 'event') return html`${text(words)}${json(JSON.stringify(record), 'record')}`
  const { event, agentId, stepId, state, seq, detailsJson } = record
  return html`<strong>${text(event)}</strong>
    ${agentId === null ? nothing : html`by ${link('log', { agent: agentId }, agentId)}`}
    ${stepId === '' ? nothing : html`<span class="age">step</span> ${text(stepId)}`}
    ${state === '' ? nothing : html`<span class="age">state</span> ${text(state)}`}
    <span class="age">#${seq}</span>
    ${detailsJson === '{}' ? nothing : json(detailsJson)}`
}
