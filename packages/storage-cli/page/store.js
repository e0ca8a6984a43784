import { ask } from './api.js'
import { html } from './lit-html/lit-html.js'
import { loading, note, table, text } from './parts.js'

/** @typedef {import('../src/inspect/answers.ts').StoreAnswer} StoreAnswer */

/**
 * What the store is, and which guarantees a mix lost.
 * @param {import('./main.js').Stage} stage
 */
export async function showStore({ draw, announce, signal }) {
  const heading = html`<h1>Store</h1>`
  draw('Store', html`${heading}${loading}`)
  /** @type {StoreAnswer} */
  const { label, backend, capabilities, lost } = await ask('store', {}, signal)
  draw(
    'Store',
    html`${heading}
      <dl class="facts">
        <div>
          <dt>Address</dt>
          <dd>${text(label)}</dd>
        </div>
        <div>
          <dt>Backend</dt>
          <dd>${text(backend)}</dd>
        </div>
        <div class="wide">
          <dt>Capabilities</dt>
          <dd>${capabilities.map((one) => html`<span class="badge">${one}</span> `)}</dd>
        </div>
      </dl>
      <h2>Lost guarantees</h2>
      ${
        lost.length === 0
          ? note('None: all nine protocols are in one backend.')
          : table(
              'Lost guarantees of this mix',
              /** @type {readonly import('./parts.js').Column<StoreAnswer['lost'][number]>[]} */ ([
                ['Lost', (one) => html`<strong>${one.lost}</strong>`, 'wide'],
                ['Protocols', ({ protocols }) => protocols.join(', '), 'wide'],
                ['What can go wrong', ({ failure }) => failure, 'wide'],
              ]),
              lost,
            )
      }
      <p class="about">How the store is, and what to do about it, says <code>dir-storage doctor</code>.</p>`,
  )
  announce(lost.length === 0 ? 'No guarantee is lost.' : `${lost.length} guarantees are lost.`)
}
