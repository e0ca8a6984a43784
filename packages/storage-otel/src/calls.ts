import { CHANNELS, type CallMessage, type WaitMessage } from '@dir/storage-core'
import {
  type Attributes,
  type Context,
  type Meter,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  context,
  trace,
} from '@opentelemetry/api'
import { type Stop, activate, whenOver } from './listening.ts'
import { DURATION, DURATION_BUCKETS, attributesOf, batchSize, failureOf, nameOf } from './names.ts'
import type { OpenCalls } from './open-calls.ts'

/** A span and a value of the metric for each call. */
export function instrumentCalls(tracer: Tracer, meter: Meter, open: OpenCalls): readonly Stop[] {
  const duration = meter.createHistogram(DURATION, {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  })

  const begin = (call: CallMessage): Context => {
    const parent = context.active()
    const options = { kind: SpanKind.CLIENT, attributes: attributesOf(call) }
    const span = tracer.startSpan(nameOf(call), options, parent)
    open.add(call, span)
    return trace.setSpan(parent, span)
  }

  const end = (call: CallMessage): void => {
    const span = open.get(call)?.span
    const where = span === undefined ? context.active() : trace.setSpan(context.active(), span)
    duration.record((call.elapsedMs ?? 0) / 1_000, { ...attributesOf(call), ...failureOf(call.code) }, where)
    if (span === undefined) return
    span.setAttributes({ ...factsOf(call), ...waitsOf(call, open) })
    if (call.code !== null) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }

  const wait = ({ call, phase, elapsedMs }: WaitMessage): void => {
    const waited = call === null ? undefined : open.get(call)?.waited
    if (waited !== undefined) waited[phase] += elapsedMs ?? 0
  }

  return [activate(CHANNELS.call, begin), whenOver(CHANNELS.call, end), whenOver(CHANNELS.wait, wait)]
}

/** What is known at its end. */
function factsOf({ operations, code, outcome, attempts, records, ids }: CallMessage): Attributes {
  return {
    ...batchSize(operations),
    ...failureOf(code),
    ...(outcome !== null && { 'dir.storage.outcome': outcome }),
    ...(attempts !== null && { 'dir.storage.attempts': attempts }),
    ...(records !== null && { 'dir.storage.records': records }),
    ...(ids !== null && { 'dir.storage.ids': [...ids] }),
  }
}

function waitsOf(call: CallMessage, open: OpenCalls): Attributes {
  const { queue = 0, access = 0 } = open.get(call)?.waited ?? {}
  return {
    ...(queue > 0 && { 'dir.storage.wait.queue': queue / 1_000 }),
    ...(access > 0 && { 'dir.storage.wait.access': access / 1_000 }),
  }
}
