import { InternalError } from '@dir/storage-core'
import { expect, test } from 'vitest'
import type { Backend } from '../src/backend.ts'
import { openBackend } from '../src/open.ts'
import { createRun } from '../src/run.ts'
import { createWatch } from '../src/watch.ts'
import { memory } from './memory.ts'
import { scenario } from './scenarios.ts'

const never = (): Promise<never> => new Promise(() => {})

const only = async (backend: Backend, act: ReturnType<typeof scenario>) => {
  const run = createRun(backend, null, { scenarios: [act], timeoutMs: 300 })
  const results = await Promise.all(run.planned.slice(0, 1).map((planned) => run.execute(planned)))
  return results[0]
}

test('a call that does not settle is named', async () => {
  const sound = await openBackend(memory, 'watch')
  const watch = createWatch(0)
  const handle = watch.handle(
    { ...sound, saga: { ...sound.saga, getDirtyFlows: never } },
    { operationTimeoutMs: 1 },
  )
  void handle.saga.getDirtyFlows()
  expect(watch.pending()).toBe('saga.getDirtyFlows')
  const late: unknown = await watch.overdue.catch((error: unknown) => error)
  expect(String(late)).toContain('saga.getDirtyFlows has not settled')
  expect(watch.callOf(late)?.trace.stack).toContain('watch.test.ts')
  watch.end()
  await sound.close()
  await memory.destroy('watch')
})

test('who follows the log may wait for ever, who reads it may not', async () => {
  const sound = await openBackend(memory, 'watch')
  const events = () => ({ [Symbol.asyncIterator]: () => ({ next: never }) })
  const watch = createWatch(0)
  const { decisionAudit } = watch.handle(
    { ...sound, decisionAudit: { ...sound.decisionAudit, events } },
    { operationTimeoutMs: 1 },
  )
  void decisionAudit.events({ follow: true })[Symbol.asyncIterator]().next()
  void decisionAudit.events({})[Symbol.asyncIterator]().next()
  expect(watch.pending()).toBe('decisionAudit.events({ follow }), decisionAudit.events')
  const late: unknown = await watch.overdue.catch((error: unknown) => error)
  expect(String(late)).toContain('decisionAudit.events has not settled')
  watch.end()
  await sound.close()
  await memory.destroy('watch')
})

test('a handle that is watched answers with its own promises, and one handle is one', async () => {
  const sound = await openBackend(memory, 'watch')
  const watch = createWatch()
  const handle = watch.handle(Object.freeze({ ...sound, saga: Object.freeze(sound.saga) }))
  expect(await handle.saga.getDirtyFlows()).toEqual([])
  expect(await Array.fromAsync(handle.decisionAudit.events({}))).toEqual([])
  expect(watch.handle(sound)).toBe(watch.handle(sound))
  expect(handle.close()).toBe(handle.close())
  watch.end()
})

test('a scenario that does not end says for what it waits', async () => {
  const open: Backend['open'] = async (...args) => {
    const sound = await openBackend(memory, ...args)
    return { ...sound, saga: { ...sound.saga, getDirtyFlows: never } }
  }
  const waiting = scenario('waiting', async ({ storage }) => void (await storage.saga.getDirtyFlows()))
  const outcome = await only({ ...memory, open }, waiting)
  expect(outcome?.verdict).toBe('error')
  expect(outcome?.message).toContain('It did not end within 300 ms. Not settled: saga.getDirtyFlows')
})

test('an error tells its causes, and the call that it came from', async () => {
  const open: Backend['open'] = async (...args) => {
    const sound = await openBackend(memory, ...args)
    const cause = Object.assign(new Error('refused by the disk'), { code: 'EIO' })
    const getSession = () =>
      Promise.reject(new Error('not read', { cause: new AggregateError([cause], 'all') }))
    return { ...sound, context: { ...sound.context, getSession } }
  }
  const reading = scenario('reading', async ({ storage }) => void (await storage.context.getSession('a')))
  const outcome = await only({ ...memory, open }, reading)
  expect(outcome?.verdict).toBe('error')
  expect(outcome?.message).toMatch(
    /not read[^]*caused by AggregateError: all\n {2}caused by Error EIO: refused by/,
  )
  expect(outcome?.message).toContain('the call: context.getSession')
})

test('an error of the contract tells its cause where another answer was expected', async () => {
  const open: Backend['open'] = async (...args) => {
    const sound = await openBackend(memory, ...args)
    const getSession = () => Promise.reject(new InternalError('no', { cause: new Error('deep down') }))
    return { ...sound, context: { ...sound.context, getSession } }
  }
  const reading = scenario('reading', async ({ storage, assert }) => {
    await assert.rejects(() => storage.context.getSession('a'), 'STORAGE_CLOSED', 'a read')
  })
  const outcome = await only({ ...memory, open }, reading)
  expect(outcome?.verdict).toBe('fail')
  expect(outcome?.message).toContain('\n            caused by Error')
})
