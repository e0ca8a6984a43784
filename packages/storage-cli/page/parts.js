import { html, nothing } from './lit-html/lit-html.js'
import { repeat } from './lit-html/directives/repeat.js'
import { age, grouped, moment, pretty, visible } from './text.js'

/** @typedef {import('lit-html').TemplateResult | typeof nothing | string | number} Part */

/**
 * The address of a view, with what it shows.
 * @param {string} view
 * @param {Readonly<Record<string, string>>} [params]
 */
export function address(view, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''))
  return query.size === 0 ? `#/${view}` : `#/${view}?${query}`
}

/** @param {unknown} value */
export function text(value) {
  if (value === null || value === undefined || value === '')
    return html`<span class="none" aria-label="none">–</span>`
  const shown = visible(value)
  return html`<bdi class="text" title=${shown.length > 24 ? shown : nothing}>${shown}</bdi>`
}

/**
 * @param {string} view
 * @param {Readonly<Record<string, string>>} params
 * @param {unknown} label
 */
export function link(view, params, label) {
  return html`<a href=${address(view, params)}>${text(label)}</a>`
}

/** @param {string | null} dfid */
export function flowLink(dfid) {
  return dfid === null ? text(null) : link('flow', { id: dfid }, dfid)
}

/** @param {string | null} time */
export function time(time) {
  return time === null
    ? text(null)
    : html`<time class="nowrap" datetime=${time} title=${time}>${moment(time)}</time>`
}

/** @param {string | null} since */
export function since(since) {
  if (since === null) return text(null)
  return html`<time datetime=${since} title=${since}
    ><span>${moment(since).slice(0, 19)}</span> <span class="age">${age(since)}</span></time
  >`
}

/** @param {string | null} since */
export function ago(since) {
  if (since === null) return text(null)
  return html`<time class="nowrap" datetime=${since} title=${since}>${age(since)}</time>`
}

/** @param {number | null} value */
export function amount(value) {
  return value === null ? text(null) : html`<span class="number">${grouped(value)}</span>`
}

/** @param {string | null} status */
export function badge(status) {
  return status === null ? text(null) : html`<span class="badge"><bdi>${visible(status)}</bdi></span>`
}

/**
 * JSON text in one line, or what it is, which opens to all of it.
 * @param {string | null} json
 * @param {string} [name]
 */
export function json(json, name) {
  if (json === null || json === '{}') return text(null)
  return html`<details class="json">
    <summary><bdi>${name ?? visible(json.slice(0, 400))}</bdi></summary>
    <pre tabindex="0"><bdi>${pretty(json)}</bdi></pre>
  </details>`
}

/** @param {string} message */
export function trouble(message) {
  return html`<p class="box bad" role="alert"><strong>This cannot be shown.</strong> ${visible(message)}</p>`
}

/** @param {Part} message */
export function note(message) {
  return html`<p class="box">${message}</p>`
}

export const loading = html`<p class="loading">Loading…</p>`

/**
 * @template Item
 * @typedef {readonly [title: string, cell: (item: Item) => Part, kind?: 'number' | 'wide' | 'id' | 'id agent']} Column
 */

/** @param {any} item */
const key = (item) => item.seq ?? item

/**
 * A table; on a narrow screen each row becomes a card.
 * @template Item
 * @param {string} caption
 * @param {readonly Column<Item>[]} columns
 * @param {readonly Item[]} items
 */
export function table(caption, columns, items) {
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(([title, , kind]) => html`<th role="columnheader" scope="col" class=${kind ?? ''}>${title}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${repeat(items, key, (item) => row(columns, item))}
    </tbody>
  </table>`
}

/**
 * @template Item
 * @param {readonly Column<Item>[]} columns
 * @param {Item} item
 */
function row(columns, item) {
  const { error, isNew } = /** @type {{ error?: string, isNew?: boolean }} */ (item)
  const kind = error !== undefined ? 'unreadable' : isNew === true ? 'fresh' : ''
  return html`<tr role="row" class=${kind} title=${error ?? nothing}>
    ${columns.map(
      ([title, cell, kind]) =>
        html`<td role="cell" data-title=${title} class=${kind ?? ''}>${cell(item)}</td>`,
    )}
  </tr>`
}
