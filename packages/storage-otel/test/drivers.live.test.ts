import { randomBytes } from 'node:crypto'
import { dropNamespace, postgresStorage } from '@dir/storage-postgres'
import { type Span, trace } from '@opentelemetry/api'
import { Client, Pool } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { Telemetry, useContextManager } from './telemetry.ts'

/** The spans in which the driver asked its server, as an instrumentation of the driver's would find them. */
const parents = new Set<Span | undefined>()

class Watched extends Client {
  override readonly query = ((...args: Parameters<Client['query']>) => {
    parents.add(trace.getActiveSpan())
    return super.query(...args) as unknown
  }) as Client['query']
}

useContextManager()

withServer('postgres', (connectionString) => {
  test('what the driver asks for a read belongs to its call, and for a write to its commit', async () => {
    const namespace = `otel_${randomBytes(6).toString('hex')}`
    const pool = new Pool({ connectionString, Client: Watched })
    const storage = postgresStorage({ pool, namespace })
    await storage.init()
    using telemetry = new Telemetry()
    const askedFor = async (act: () => Promise<unknown>): Promise<(string | undefined)[]> => {
      parents.clear()
      await act()
      return Array.from(parents, (span) => span?.spanContext().spanId)
    }
    const tracer = telemetry.tracerProvider.getTracer('application')
    await tracer.startActiveSpan('request', async (request) => {
      const idOf = (name: string): string => telemetry.span(name).spanContext().spanId
      const writing = await askedFor(() =>
        Promise.all(['f', 'g'].map((flow) => storage.intentRetry.increment(flow))),
      )
      expect(writing).toEqual([idOf(`commit ${namespace}`)])
      const reading = await askedFor(() => storage.intentRetry.getCount('f'))
      expect(reading).toEqual([idOf('getCount intentRetry')])
      request.end()
    })
    expect(telemetry.span('getCount intentRetry').attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.operation.name': 'getCount',
      'db.collection.name': 'intentRetry',
      'db.namespace': namespace,
    })
    await storage.close()
    await dropNamespace({ pool, namespace })
    await pool.end()
  })
})
