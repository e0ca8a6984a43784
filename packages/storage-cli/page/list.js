import { ask, listen } from './api.js'
import { html, nothing } from './lit-html/lit-html.js'
import { address, loading, note, table, trouble } from './parts.js'
import { counted } from './text.js'

const PAGE = 200
const MOST = 10_000
const MORE = 5
const ANNOUNCED_MS = 1_000

/**
 * A list with its filters; the log also shows what comes.
 * @param {string} name
 * @param {import('./lists.js').List} list
 * @param {import('./main.js').Stage} stage
 */
export async function showList(name, list, { params, draw, announce, signal }) {
  const isLog = name === 'log'
  const isByTime = 'from' in params || 'until' in params
  const asked = Object.fromEntries(
    list.fields.flatMap(({ name: field }) => {
      const value = params[field]
      return value === undefined ? [] : [[field, isInstant(field) ? instant(value) : value]]
    }),
  )
  /** @type {{ items: any[], isCut: boolean, limit: number, error: string, isLoading: boolean, live: string, isLive: boolean }} */
  const state = { items: [], isCut: false, limit: PAGE, error: '', isLoading: true, live: '', isLive: false }
  let paused = new AbortController()

  const view = () => html`
    <h1>${list.title}</h1>
    <p class="about">${list.about}</p>
    ${list.fields.length === 0 ? nothing : filters(name, list.fields, params)}
    <div class="bar">
      <p>${state.isLoading ? 'Loading…' : shown()}</p>
      ${
        !isLog || isByTime
          ? nothing
          : html`<span class=${state.isLive ? 'live on' : 'live'}>${state.isLive ? 'Live' : state.live}</span>
              <button type="button" @click=${toggle}>${paused.signal.aborted ? 'Go on' : 'Pause'}</button>`
      }
    </div>
    ${state.error === '' ? nothing : trouble(state.error)}
    ${
      state.items.length > 0
        ? table(list.title, list.columns, state.items)
        : state.isLoading
          ? loading
          : state.error === ''
            ? note(Object.keys(asked).length > 0 ? 'Nothing is found.' : list.none)
            : nothing
    }
    ${
      state.isCut && state.limit < MOST
        ? html`<p class="more">
            <button type="button" @click=${more} ?disabled=${state.isLoading}>Show more</button>
          </p>`
        : nothing
    }
  `

  const shown = () => {
    const { items, isCut, limit } = state
    if (!isCut) return items.length === 1 ? '1 entry' : `${counted({ count: items.length, isCut })} entries`
    return `The ${isLog ? 'newest' : 'first'} ${counted({ count: items.length, isCut: false })}${limit < MOST ? '' : '; filter to see others'}`
  }

  const redraw = () => draw(list.title, view())

  const load = async () => {
    state.isLoading = true
    redraw()
    try {
      const limit = state.limit
      Object.assign(state, await ask(isLog ? 'events' : name, { ...asked, limit }, signal), { error: '' })
      announce(shown())
    } catch (error) {
      if (signal.aborted) return
      state.error = /** @type {Error} */ (error).message
    }
    state.isLoading = false
    redraw()
  }

  const more = async () => {
    state.limit = Math.min(state.limit * MORE, MOST)
    paused.abort()
    await load()
    follow()
  }

  /** @type {any[]} */
  let coming = []
  let untold = 0
  const take = () => {
    const all = [...coming.reverse(), ...state.items]
    state.isCut ||= all.length > state.limit
    state.items = all.slice(0, state.limit)
    coming = []
    redraw()
  }
  const tell = () => {
    if (signal.aborted || untold === 0) return
    announce(untold === 1 ? '1 new event' : `${untold} new events`)
    untold = 0
  }

  const follow = () => {
    if (!isLog || isByTime || state.error !== '' || signal.aborted) return
    paused = new AbortController()
    const after = state.items[0]?.seq ?? 0
    listen(
      { ...asked, after },
      {
        onEvent: (event) => {
          // as many as come between two pictures are drawn at once
          if (coming.push({ ...event, isNew: true }) === 1) requestAnimationFrame(take)
          if (untold++ === 0) setTimeout(tell, ANNOUNCED_MS)
        },
        onState: (isLive, message) => {
          Object.assign(state, { isLive, live: message })
          redraw()
        },
      },
      AbortSignal.any([signal, paused.signal]),
    )
  }

  const toggle = () => {
    if (paused.signal.aborted) return follow()
    paused.abort()
    Object.assign(state, { isLive: false, live: 'Paused' })
    announce('Paused')
    redraw()
  }

  await load()
  follow()
}

/**
 * What a browser leaves out of a time is its seconds, where there are none.
 * @param {string} local
 */
function instant(local) {
  return /T\d\d:\d\d$/.test(local) ? `${local}:00Z` : `${local}Z`
}

/** @param {string} field */
function isInstant(field) {
  return field === 'from' || field === 'until'
}

/**
 * @param {string} name
 * @param {readonly import('./lists.js').Field[]} fields
 * @param {Readonly<Record<string, string>>} params
 */
function filters(name, fields, params) {
  /** @param {SubmitEvent} event */
  const filter = (event) => {
    event.preventDefault()
    const form = /** @type {HTMLFormElement} */ (event.currentTarget)
    const given = /** @type {Iterable<[string, string]>} */ (new FormData(form))
    location.hash = address(name, Object.fromEntries(given))
  }
  return html`<form class="filters" aria-label="Filters" @submit=${filter}>
    ${fields.map(({ name: field, label, choices }) => {
      const value = params[field] ?? ''
      return html`<label
        >${label}
        ${
          choices === undefined
            ? html`<input
                name=${field}
                type=${isInstant(field) ? 'datetime-local' : 'text'}
                step=${isInstant(field) ? 1 : nothing}
                autocomplete="off"
                spellcheck="false"
                .value=${value}
              />`
            : html`<select name=${field}>
                <option value="" ?selected=${value === ''}>any</option>
                ${choices.map(([one, word]) => html`<option value=${one} ?selected=${value === one}>${word}</option>`)}
              </select>`
        }
      </label>`
    })}
    <button type="submit">Filter</button>
    ${fields.some(({ name: field }) => field in params) ? html`<a href=${address(name)}>Clear</a>` : nothing}
  </form>`
}
