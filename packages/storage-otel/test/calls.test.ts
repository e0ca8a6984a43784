import { isStorageError } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { DataPointType } from '@opentelemetry/sdk-metrics'
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_BATCH_SIZE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  METRIC_DB_CLIENT_OPERATION_DURATION,
} from '@opentelemetry/semantic-conventions'
import { expect, test } from 'vitest'
import { instrumentStorage } from '../src/index.ts'
import { Telemetry, useContextManager } from './telemetry.ts'

const SECRET = 'secret-4711'

useContextManager()

/** What the span of a call in memory says of it. */
const named = (method: string, protocol?: string) => ({
  [ATTR_DB_SYSTEM_NAME]: 'memory',
  [ATTR_DB_OPERATION_NAME]: method,
  ...(protocol !== undefined && { [ATTR_DB_COLLECTION_NAME]: protocol }),
})

test('a call is a span of a client, named as the conventions for databases say', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage({ namespace: 'otel' })
  await storage.intentRetry.increment(SECRET)
  await storage.health()
  const increment = telemetry.span('increment intentRetry')
  expect(increment.kind).toBe(SpanKind.CLIENT)
  expect(increment.status).toEqual({ code: SpanStatusCode.UNSET })
  expect(increment.attributes).toEqual({
    [ATTR_DB_SYSTEM_NAME]: 'memory',
    [ATTR_DB_OPERATION_NAME]: 'increment',
    [ATTR_DB_COLLECTION_NAME]: 'intentRetry',
    [ATTR_DB_NAMESPACE]: 'otel',
  })
  expect(telemetry.span('health otel').attributes).toEqual({
    [ATTR_DB_SYSTEM_NAME]: 'memory',
    [ATTR_DB_OPERATION_NAME]: 'health',
    [ATTR_DB_NAMESPACE]: 'otel',
  })
})

test('a call that fails is an error, by its code and outcome, and says nothing of what it was asked', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage()
  const demand = { [SECRET]: 2 }
  const refused = storage.resourceLock.acquire(SECRET, demand, 0, { capacities: { [SECRET]: 1 } })
  await expect(refused).rejects.toSatisfy((error) => isStorageError(error, 'STORAGE_INSUFFICIENT_CAPACITY'))
  const { status, attributes, events } = telemetry.span('acquire resourceLock')
  expect(status).toEqual({ code: SpanStatusCode.ERROR })
  expect(attributes).toEqual({
    ...named('acquire', 'resourceLock'),
    [ATTR_ERROR_TYPE]: 'STORAGE_INSUFFICIENT_CAPACITY',
    'dir.storage.outcome': 'not-applied',
  })
  expect(JSON.stringify([attributes, events])).not.toContain(SECRET)

  const stopped = storage.prune({ before: '2020-01-01', terminal: ['T'], signal: AbortSignal.abort() })
  await expect(stopped).rejects.toThrow(/abort/)
  expect(telemetry.span('prune').attributes).toEqual({ ...named('prune'), [ATTR_ERROR_TYPE]: '_OTHER' })
})

test('a batch says how many operations it has, a list how many records it gave', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage()
  await storage.atomically(({ decisionAudit, saga }) => {
    decisionAudit.record('f', 'E')
    decisionAudit.record('g', 'E')
    saga.markDirty('f', 's', '{}')
  })
  await Array.fromAsync(storage.decisionAudit.events())
  expect(telemetry.span('atomically').attributes).toEqual({
    ...named('atomically'),
    [ATTR_DB_OPERATION_BATCH_SIZE]: 3,
  })
  expect(telemetry.span('events decisionAudit').attributes).toEqual({
    ...named('events', 'decisionAudit'),
    'dir.storage.records': 2,
  })
  await storage.atomically(({ saga }) => void saga.clearDirty('f'))
  const [, single] = telemetry.spans.filter(({ name }) => name === 'atomically')
  expect(single?.attributes).not.toHaveProperty([ATTR_DB_OPERATION_BATCH_SIZE])
})

test('ids are in a span where the handle was made for it', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage({ traceIds: true })
  await storage.intentRetry.increment('f')
  expect(telemetry.span('increment intentRetry').attributes).toEqual({
    ...named('increment', 'intentRetry'),
    'dir.storage.ids': ['f'],
  })
})

test('the parent of a call is the span that is active, and it is that of its callbacks', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage()
  const tracer = telemetry.tracerProvider.getTracer('application')
  let nested: Promise<unknown> | undefined
  await tracer.startActiveSpan('request', async (request) => {
    await storage.atomically((batch) => {
      nested = storage.health()
      batch.intentRetry.setCount('f', 1)
    })
    expect(trace.getActiveSpan()).toBe(request)
    await storage.intentRetry.getCount('f')
    await Array.fromAsync(storage.lifecycle.listFlows())
    request.end()
  })
  await nested
  await context.with(trace.deleteSpan(context.active()), () => storage.saga.clearDirty('f'))
  const idOf = (name: string) => telemetry.span(name).spanContext().spanId
  const parents = telemetry.spans.map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])
  expect(Object.fromEntries(parents)).toEqual({
    request: undefined,
    health: idOf('atomically'),
    atomically: idOf('request'),
    'getCount intentRetry': idOf('request'),
    'listFlows lifecycle': idOf('request'),
    'clearDirty saga': undefined,
  })
})

test('how long calls take is a histogram in seconds, with the buckets of the conventions', async () => {
  using telemetry = new Telemetry()
  await using storage = memoryStorage()
  await storage.intentRetry.increment(SECRET)
  await storage.intentRetry.increment(SECRET)
  await expect(storage.intentRetry.setCount(SECRET, -1)).rejects.toThrow(/count/)
  const [duration, ...more] = await telemetry.metrics()
  expect(more).toEqual([])
  const { name, unit } = duration?.descriptor ?? {}
  expect([name, unit]).toEqual([METRIC_DB_CLIENT_OPERATION_DURATION, 's'])
  if (duration?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('it is no histogram')
  const [increment, setCount] = duration.dataPoints
  const names = { [ATTR_DB_SYSTEM_NAME]: 'memory', [ATTR_DB_COLLECTION_NAME]: 'intentRetry' }
  expect(increment?.attributes).toEqual({ ...names, [ATTR_DB_OPERATION_NAME]: 'increment' })
  expect(increment?.value.count).toBe(2)
  expect(increment?.value.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
  expect(increment?.value.sum).toBeGreaterThan(0)
  expect(increment?.value.sum).toBeLessThan(60)
  const failed = { [ATTR_DB_OPERATION_NAME]: 'setCount', [ATTR_ERROR_TYPE]: 'STORAGE_INVALID_ARGUMENT' }
  expect(setCount?.attributes).toEqual({ ...names, ...failed })
})

test('when it is disposed of, calls give nothing any more', async () => {
  const telemetry = new Telemetry()
  await using storage = memoryStorage()
  await storage.health()
  telemetry[Symbol.dispose]()
  await storage.health()
  expect(telemetry.spans).toHaveLength(1)
})

test('without an SDK nothing is done, and options that are wrong are refused', async () => {
  using _ = instrumentStorage()
  await using storage = memoryStorage()
  expect(await storage.intentRetry.increment('f')).toBe(1)
  const refused: readonly [object, RegExp][] = [
    [{ commit: true }, /unknown commit; commits seems to be meant/],
    [{ commits: 1 }, /commits must be true or false/],
    [{ tracerProvider: {} }, /tracerProvider must be a provider/],
    [{ meterProvider: null }, /meterProvider must be a provider/],
  ]
  for (const [options, message] of refused) expect(() => instrumentStorage(options)).toThrow(message)
})
