import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll } from 'vitest'
import { type InstrumentationOptions, instrumentStorage } from '../src/index.ts'

/** OpenTelemetry's context manager is one for the whole process, as in an application. */
export function useContextManager(): void {
  beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
  afterAll(() => context.disable())
}

/** The real SDK, which keeps what it is given. */
export class Telemetry implements Disposable {
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics })
  readonly tracerProvider: TracerProvider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })],
  })
  readonly #ours: Disposable

  constructor(options: InstrumentationOptions = {}) {
    const meterProvider = new MeterProvider({ readers: [this.#reader] })
    this.#ours = instrumentStorage({ tracerProvider: this.tracerProvider, meterProvider, ...options })
  }

  /** Those that have ended. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  span(name: string): ReadableSpan {
    const [found, ...more] = this.spans.filter((span) => span.name === name)
    if (found === undefined || more.length > 0)
      throw new Error(`${name} is not one of ${this.spans.map((span) => span.name).join(', ')}`)
    return found
  }

  async metrics() {
    await this.#reader.forceFlush()
    const { scopeMetrics = [] } = this.#metrics.getMetrics().at(-1) ?? {}
    return scopeMetrics.flatMap(({ metrics }) => metrics)
  }

  [Symbol.dispose](): void {
    this.#ours[Symbol.dispose]()
  }
}
