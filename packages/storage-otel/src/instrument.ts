import { InvalidArgumentError } from '@dir/storage-core'
import { storeOptions } from '@dir/storage-core/adapter'
import { type MeterProvider, type TracerProvider, metrics, trace } from '@opentelemetry/api'
import { instrumentCalls } from './calls.ts'
import { instrumentCommits } from './commits.ts'
import { SCOPE } from './names.ts'
import { OpenCalls } from './open-calls.ts'

export interface InstrumentationOptions {
  /** Where spans go; default: the one that is registered globally. */
  readonly tracerProvider?: TracerProvider
  /** Where the metric goes; default: the one that is registered globally. */
  readonly meterProvider?: MeterProvider
  /** False: no spans of commits, but of calls only; default true. */
  readonly commits?: boolean
}

const OPTIONS = ['tracerProvider', 'meterProvider', 'commits'] as const

/**
 * From now on all storage handles of this process, whichever backend and whenever they were made, give OpenTelemetry
 *
 * - a span of kind CLIENT for each call, whose parent is the span that was active when it was made. It is active while the
 *   call runs, for the callback of a batch too, and for the driver's own spans of a read. Its attributes have no ids, unless the
 *   handle was made with `traceIds`, and no payloads.
 * - a span for each commit of a write queue, which belongs to several calls and so is a root. It is linked to theirs, and
 *   theirs to it; the driver's own spans of a write are its children.
 * - the metric `db.client.operation.duration`, a histogram in seconds with a value for each call.
 *
 * Called twice, it gives everything twice.
 * @returns what ends it when it is disposed of; the spans of calls under way then are never ended.
 * @throws InvalidArgumentError for options that it does not know, or no providers.
 */
export function instrumentStorage(options: InstrumentationOptions = {}): Disposable {
  const {
    tracerProvider = trace.getTracerProvider(),
    meterProvider = metrics.getMeterProvider(),
    commits = true,
  } = storeOptions(options, [], OPTIONS) as InstrumentationOptions
  if (typeof commits !== 'boolean') throw new InvalidArgumentError('commits', 'must be true or false')
  const tracer = provided('tracerProvider', tracerProvider, 'getTracer').getTracer(SCOPE)
  const meter = provided('meterProvider', meterProvider, 'getMeter').getMeter(SCOPE)

  const open = new OpenCalls()
  const stops = [...instrumentCalls(tracer, meter, open), ...(commits ? instrumentCommits(tracer, open) : [])]
  return {
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }
}

function provided<T>(name: string, value: T, method: keyof T): T {
  if (typeof value?.[method] !== 'function')
    throw new InvalidArgumentError(name, `must be a provider of OpenTelemetry, with ${String(method)}()`)
  return value
}
