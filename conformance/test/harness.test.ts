import { CAPABILITIES, type StorageHandle } from '@dir/storage-core'
import { describe, expect, test } from 'vitest'
import type { Backend, Claims } from '../src/backend.ts'
import { renderMarkdown } from '../src/render.ts'
import { seedFaithful } from '../src/mutants/seed-faithful.ts'
import { openBackend } from '../src/open.ts'
import { createRun, runConformance } from '../src/run.ts'
import { MEMORY_URL, complete as memory } from './memory.ts'
import { passing } from './scenarios.ts'

const harness = async (backend: Backend): Promise<[string, string][]> => {
  const report = await runConformance(backend, { scenarios: [passing] })
  expect(report.level).toBe(null)
  return report.preflight.map(({ id, verdict }) => [id, verdict])
}

describe('a backend module that cannot be measured is an error, and nothing else runs', () => {
  test('the namespace is ignored', async () => {
    const backend = { ...memory, open: () => memory.open('everybody') }
    expect(await harness(backend)).toEqual([
      ['preflight/namespaces', 'error'],
      ['preflight/destroy', 'error'],
    ])
    await memory.destroy('everybody')
  })

  test('one handle is handed out again and again', async () => {
    const handles = new Map<string, StorageHandle>()
    const open: Backend['open'] = async (namespace) => {
      const handle = handles.get(namespace) ?? (await openBackend(memory, namespace))
      handles.set(namespace, handle)
      return handle
    }
    expect((await harness({ ...memory, open }))[0]).toEqual(['preflight/two-handles', 'error'])
  })

  test('every handle has a store of its own', async () => {
    let count = 0
    const open: Backend['open'] = (namespace) => memory.open(`${namespace}_${count++}`)
    expect(await harness({ ...memory, open })).toEqual([['preflight/two-handles', 'error']])
  })

  test('destroy does nothing', async () => {
    expect(await harness({ ...memory, destroy: async () => {} })).toEqual([['preflight/destroy', 'error']])
  })

  test('open fails', async () => {
    const report = await runConformance(
      { ...memory, open: () => Promise.reject(new Error('no server')) },
      { scenarios: [passing] },
    )
    expect(report.preflight.every(({ message }) => message?.includes('no server'))).toBe(true)
    expect(report.results.map(({ verdict }) => verdict)).toEqual(['not-run'])
    expect(report.counts).toEqual({ passed: 0, failed: 5, skipped: 1 })
  })

  test('a sound module passes, in a child process too', async () => {
    const run = createRun(memory, MEMORY_URL, { scenarios: [passing] })
    expect(await run.preflight()).toEqual([])
    await run.end()
  })
})

describe('claims', () => {
  const only = (backend: Backend, ids: string[]) => runConformance(backend, { only: ids, seed: 1 })

  /** A backend whose handles claim what its module does. */
  const consistent = (backend: Backend): Backend => {
    const claimed = CAPABILITIES.filter((capability) => backend.claims[capability] === true)
    const open: Backend['open'] = async (...args) => {
      return { ...(await openBackend(backend, ...args)), capabilities: new Set(claimed) }
    }
    return { ...backend, open }
  }

  test('what is claimed and refused fails', async () => {
    const claims = { ...seedFaithful.claims, leases: true } as const
    const { verdicts } = await only(consistent({ ...seedFaithful, claims }), ['resource-lock'])
    expect(verdicts.fail).toBeGreaterThan(5)
  })

  test('what is there and not claimed fails, and is not told to be refused', async () => {
    const claims = { ...memory.claims, setIfAbsent: 'not written yet' }
    const report = await only(consistent({ ...memory, claims }), ['refused'])
    expect(report.results.map(({ id, verdict }) => [id, verdict])).toEqual([['refused/setIfAbsent', 'fail']])
    expect(report.refused).toEqual([])
    expect(renderMarkdown(report, 'module.ts')).not.toContain('seen to be refused')
  })

  test.each([
    ['says nothing of one', ({ claim: _, ...claims }) => claims, 'claims says nothing of claim'],
    ['names what there is not', (claims) => ({ ...claims, speed: true }), 'no capability "speed" to claim'],
    ['is neither true nor a reason', (claims) => ({ ...claims, claim: false }), 'claims.claim must be true'],
    ['claims less', (claims) => ({ ...claims, claim: 'no' }), 'claim is not claimed, and the handle’s'],
    ['claims more', (claims) => ({ ...claims, durable: true }), 'durable is claimed, and the handle’s'],
  ] satisfies [string, (claims: Claims) => object, string][])(
    'that %s are an error',
    async (_, change, text) => {
      const report = await only({ ...memory, claims: change(memory.claims) as Claims }, ['saga'])
      expect(report.preflight.map(({ id, verdict }) => [id, verdict])).toEqual([
        ['preflight/claims', 'error'],
      ])
      expect(report.preflight[0]?.message).toContain(text)
      expect(report.counts.passed).toBe(0)
    },
  )

  test('what is neither there nor claimed is unsupported, which counts as passed', async () => {
    const report = await only(seedFaithful, ['refused'])
    expect(report.results.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['refused/leases', 'unsupported'],
      ['refused/atomically', 'unsupported'],
      ['refused/join', 'unsupported'],
      ['refused/export', 'unsupported'],
    ])
    expect(report.counts).toEqual({ passed: 4, failed: 0, skipped: 0 })
    expect(report.refused).toEqual(['leases', 'atomically', 'join', 'export'])
    const markdown = renderMarkdown(report, 'module.ts')
    expect(markdown).toMatch(/seen to be refused[^#]*- export[^#]*## .* not asked for[^#]*- durable/)
  })
})
