import type { StorageHandle } from '@dir/storage-core'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../src/backend.ts'
import { seedFaithful } from '../src/mutants/seed-faithful.ts'
import { openBackend } from '../src/open.ts'
import { createRun, runConformance } from '../src/run.ts'
import { MEMORY_URL, memory } from './memory.ts'
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
    expect(report.counts).toEqual({ passed: 0, failed: 4, skipped: 1 })
  })

  test('a sound module passes, in a child process too', async () => {
    const run = createRun(memory, MEMORY_URL, { scenarios: [passing] })
    expect(await run.preflight()).toEqual([])
    await run.end()
  })
})

describe('claims', () => {
  const only = (backend: Backend, ids: string[]) => runConformance(backend, { only: ids, seed: 1 })

  test('what is claimed and refused fails', async () => {
    const claims = { ...seedFaithful.claims, leases: true } as const
    const { verdicts } = await only({ ...seedFaithful, claims }, ['resource-lock'])
    expect(verdicts.fail).toBeGreaterThan(5)
  })

  test('what is there and not claimed fails', async () => {
    const claims = { ...memory.claims, setIfAbsent: 'not written yet' }
    const report = await only({ ...memory, claims }, ['refused'])
    expect(report.results.map(({ id, verdict }) => [id, verdict])).toEqual([['refused/setIfAbsent', 'fail']])
  })

  test('what is neither there nor claimed is unsupported, which counts as passed', async () => {
    const report = await only(seedFaithful, ['refused'])
    expect(report.results.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['refused/leases', 'unsupported'],
      ['refused/atomically', 'unsupported'],
      ['refused/export', 'unsupported'],
    ])
    expect(report.counts).toEqual({ passed: 3, failed: 0, skipped: 0 })
  })
})
