import { expect, test } from 'vitest'
import type { Backend, PartialHandle } from '../src/backend.ts'
import { openBackend } from '../src/open.ts'
import { runConformance } from '../src/run.ts'
import { memory } from './memory.ts'

type Shape = (handle: Awaited<ReturnType<typeof openBackend>>) => PartialHandle

/** Three of the nine, over what a shape leaves of sound handles. */
const part = (shape: Shape): Backend => ({
  name: 'part',
  version: '1',
  claims: memory.claims,
  protocols: ['context', 'saga', 'idempotency'],
  open: async (namespace, options) => shape(await openBackend(memory, namespace, options)),
  destroy: (namespace) => memory.destroy(namespace),
})

const stores: Shape = ({ context, saga, idempotency }) => ({ context, saga, idempotency })

const measure = async (backend: Backend) => {
  const report = await runConformance(backend, { only: ['handle', 'refused'], seed: 1 })
  expect(report.preflight).toEqual([])
  const ids = (verdict: string) => report.results.filter((one) => one.verdict === verdict).map(({ id }) => id)
  return { report, ids }
}

test('a part of the nine that is a whole handle is measured as one', async () => {
  const { ids, report } = await measure(part((handle) => ({ ...handle, ...stores(handle) })))
  expect([ids('fail'), ids('error')]).toEqual([[], []])
  expect(ids('pass').length).toBeGreaterThanOrEqual(14)
  expect(report.counts.failed).toBe(0)
})

test('what such a handle lacks is not run, and keeps no level away', async () => {
  const { ids, report } = await measure(part(stores))
  expect([ids('fail'), ids('error')]).toEqual([[], []])
  expect(ids('not-run')).toContain('handle/a-closed-handle-refuses-every-call')
  expect(ids('pass')).toContain('handle/reads-see-earlier-changes')
  const closed = report.results.find(({ id }) => id === 'handle/close-may-be-repeated')
  expect(closed?.message).toBe('open() gives no close.')
  const whole = await runConformance(part(stores), { seed: 1 })
  expect([whole.level, whole.counts.failed]).toEqual(['atomic', 0])
}, 120_000)

test('a handle that works on after close is found out', async () => {
  const { ids } = await measure(part((handle) => ({ ...stores(handle), close: async () => {} })))
  expect(ids('fail')).toEqual([
    'handle/a-closed-handle-refuses-every-call',
    'handle/close-flushes-what-was-issued',
    'handle/close-may-be-repeated',
    'handle/dispose-is-close',
    'handle/a-closed-handle-refuses-every-verb',
    'handle/close-waits-for-effects',
    'handle/close-waits-so-long-and-no-longer',
  ])
})
