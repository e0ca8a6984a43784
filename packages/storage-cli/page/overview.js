import { ask } from './api.js'
import { html, nothing } from './lit-html/lit-html.js'
import { LISTS } from './lists.js'
import { address, ago, amount, badge, flowLink, link, loading, note, table, trouble } from './parts.js'
import { age, counted, grouped } from './text.js'

/** @typedef {import('../src/inspect/overview.ts').Overview} Overview */
/** @typedef {import('../src/inspect/overview.ts').Waiting} Waiting */
/** @typedef {import('../src/inspect/answers.ts').StoreAnswer} StoreAnswer */

const NEWEST = 8
const FIRST_RESOURCES = 10

/** @type {readonly (readonly [name: keyof Overview['attention'], title: string, view: string, params: Record<string, string>, none: string])[]} */
const ATTENTION = [
  ['requests', 'Requests waiting for a human', 'requests', { status: 'PENDING' }, 'Nobody is waited for'],
  ['claims', 'Ambiguous claims', 'claims', { state: 'ambiguous' }, 'No effect is in doubt'],
  ['dirty', 'Dirty flows', 'dirty', {}, 'Nothing broke half-way'],
]

/**
 * What stands open now.
 * @param {import('./main.js').Stage} stage
 */
export async function showOverview({ draw, announce, signal }) {
  /** @type {Record<string, any>} what was answered, or an error */
  let answers = {}
  const asked = { store: {}, attention: {}, capital: {}, statuses: {}, events: { limit: NEWEST } }

  /** @param {string} name @param {Record<string, string | number>} params */
  const load = async (name, params) => {
    answers[name] = await ask(name, params, signal).catch((error) => error)
    redraw()
  }
  const reload = async () => {
    answers = {}
    redraw()
    await Promise.all(Object.entries(asked).map(([name, params]) => load(name, params)))
    if (!signal.aborted) announce('The overview is up to date.')
  }
  let isWhole = false
  const showWhole = () => {
    isWhole = true
    redraw()
  }
  /** @param {number} flows */
  const countOn = (flows) => load('statuses', { most: flows * 10 })

  /** @param {string} name @param {(answer: any) => import('./parts.js').Part} part */
  const when = (name, part) => {
    const answer = answers[name]
    if (answer === undefined) return loading
    return answer instanceof Error ? trouble(answer.message) : part(answer)
  }

  const redraw = () =>
    draw(
      'Overview',
      html`
        <div class="title">
          <h1>What stands open now</h1>
          <button type="button" @click=${reload}>Refresh</button>
        </div>
        ${
          answers['store']?.lost?.length > 0
            ? note(
                html`This store is a mix, which loses
                  <a href="#/store">${grouped(answers['store'].lost.length)} guarantees</a> that one backend
                  has.`,
              )
            : nothing
        }
        <section aria-label="Needs somebody">
          ${when(
            'attention',
            (attention) =>
              html`<ul class="cards">
                ${ATTENTION.map(([name, title, view, params, none]) => card(attention[name], title, address(view, params), none))}
              </ul>`,
          )}
        </section>
        <div class="columns">
          <section aria-labelledby="capital">
            <h2 id="capital">Capital by resource</h2>
            ${when('capital', (answer) => capital(answer, isWhole, showWhole))}
          </section>
          <section aria-labelledby="statuses">
            <h2 id="statuses">Flows by status</h2>
            ${when('statuses', (answer) => statuses(answer, countOn))}
          </section>
        </div>
        <section aria-labelledby="newest">
          <h2 id="newest">What happened last</h2>
          ${when('events', ({ items }) =>
            items.length === 0
              ? note('The log is empty.')
              : html`${table('The newest events', LISTS['log']?.columns ?? [], items)}
                  <p class="more"><a href="#/log">The whole log, live</a></p>`,
          )}
        </section>
      `,
    )
  await reload()
}

/**
 * @param {Waiting} waiting
 * @param {string} title
 * @param {string} href
 * @param {string} none
 */
function card(waiting, title, href, none) {
  const { count, since: oldest } = waiting
  return html`<li class=${count > 0 ? 'card open' : 'card'}>
    <a href=${href}>
      <span class="count">${counted(waiting)}</span>
      <span class="what">${title}</span>
      <span class="age">${count === 0 ? none : oldest === null ? '' : `the oldest ${age(oldest)}`}</span>
    </a>
  </li>`
}

/**
 * @param {Overview['capital']} answer
 * @param {boolean} isWhole
 * @param {() => void} showWhole
 */
function capital({ resources, holds, isCut }, isWhole, showWhole) {
  if (resources.length === 0) return note('Nothing is reserved.')
  return html`${table(
    'Capital by resource',
    /** @type {readonly import('./parts.js').Column<Overview['capital']['resources'][number]>[]} */ ([
      ['Resource', ({ resourceId }) => link('holds', { resource: resourceId }, resourceId), 'id'],
      ['Reserved', (one) => amount(one.amount), 'number'],
      ['Holds', (one) => grouped(one.holds), 'number'],
      ['Most by', ({ largest }) => flowLink(largest.dfid), 'id'],
      ['Oldest', (one) => ago(one.since)],
    ]),
    isWhole ? resources : resources.slice(0, FIRST_RESOURCES),
  )}
  ${
    isWhole || resources.length <= FIRST_RESOURCES
      ? nothing
      : html`<p class="more">
          <button type="button" @click=${showWhole}>Show all ${grouped(resources.length)}</button>
        </p>`
  }
  ${isCut ? note(`Of the ${grouped(holds)} oldest holds; what is reserved of each resource is the whole.`) : nothing}`
}

/**
 * @param {Overview['statuses']} answer
 * @param {(flows: number) => Promise<void>} countOn
 */
function statuses({ statuses, flows, isCut }, countOn) {
  if (flows === 0) return note('No flow has a status.')
  const most = statuses[0]?.flows ?? 1
  return html`<ul class="bars">
      ${statuses.map(
        ({ status, flows }) =>
          html`<li>
            <a href=${address('flows', { status })}>${badge(status)}</a>
            <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
              <rect width=${Math.max((flows / most) * 100, 1)} height="1" />
            </svg>
            <span class="number">${counted({ count: flows, isCut })}</span>
          </li>`,
      )}
    </ul>
    ${
      isCut
        ? html`<p class="box">
            Of the ${grouped(flows)} flows that have stood longest where they stand.
            <button type="button" @click=${() => countOn(flows)}>Count on</button>
          </p>`
        : nothing
    }`
}
