import { ask } from './api.js'
import { showFlow } from './flow.js'
import { showList } from './list.js'
import { html, render } from './lit-html/lit-html.js'
import { LISTS } from './lists.js'
import { showOverview } from './overview.js'
import { address, trouble } from './parts.js'
import { showStore } from './store.js'
import { visible } from './text.js'

/**
 * What a view works with.
 * @typedef {object} Stage
 * @property {Readonly<Record<string, string>>} params those of its address
 * @property {(title: string, part: import('./parts.js').Part) => void} draw shows it, again and again
 * @property {(text: string) => void} announce says it to those who do not see it
 * @property {AbortSignal} signal fires when another view comes
 */

/** @type {Record<string, [name: string, show: (stage: Stage) => Promise<void>]>} */
const VIEWS = {
  overview: ['Overview', showOverview],
  ...Object.fromEntries(
    Object.entries(LISTS).map(([name, list]) => [name, [list.title, (stage) => showList(name, list, stage)]]),
  ),
  store: ['Store', showStore],
}

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id))
const [main, nav, status] = [element('content'), element('nav'), element('status')]

let left = new AbortController()
let isFirst = true

function go() {
  left.abort()
  left = new AbortController()
  const { signal } = left
  const [view = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  const params = Object.fromEntries(new URLSearchParams(query))
  const isFlow = view === 'flow' && params['id'] !== undefined
  const name = isFlow ? 'flows' : Object.hasOwn(VIEWS, view) ? view : 'overview'
  const show = isFlow ? showFlow : VIEWS[name]?.[1]
  render(
    Object.entries(VIEWS).map(
      ([one, [title]]) =>
        html`<a href=${address(one)} aria-current=${one === name ? 'page' : 'false'}>${title}</a>`,
    ),
    nav,
  )
  const current = /** @type {HTMLElement | null} */ (nav.querySelector('[aria-current=page]'))
  nav.scrollLeft = (current?.offsetLeft ?? 0) - nav.clientWidth / 3
  let hasFocus = isFirst
  isFirst = false
  /** @type {Stage['draw']} */
  const draw = (title, part) => {
    if (signal.aborted) return
    document.title = `${visible(title)} – DIR storage`
    render(part, main)
    // readers of the screen begin where the new view does
    if (!hasFocus) main.focus({ preventScroll: true })
    if (!hasFocus) scrollTo(0, 0)
    hasFocus = true
  }
  const announce = (/** @type {string} */ text) => void (status.textContent = text)
  show?.({ params, draw, announce, signal }).catch((error) => draw('Trouble', trouble(error.message)))
}

document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault()
  main.focus()
})
element('find').addEventListener('submit', (event) => {
  event.preventDefault()
  const { value } = /** @type {HTMLInputElement} */ (element('find-flow'))
  if (value !== '') location.hash = address('flow', { id: value })
})
addEventListener('hashchange', go)
go()

ask('store').then(({ label, backend }) => {
  element('store').textContent = visible(label)
  element('store').title = `${visible(label)}, ${backend}`
}, console.error)
