import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, node, nodeOrSkip, noTypes } from './consuming.ts'
import { type Consumer, Workshop } from './workshop.ts'

/** Prints which call was made in which span. */
const PARENTS = `import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { instrumentStorage } from '@dir/storage-otel'
import { memoryStorage } from '@dir/storage-memory'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const exporter = new InMemorySpanExporter()
const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
instrumentStorage({ tracerProvider })
const storage = memoryStorage()
await tracerProvider.getTracer('application').startActiveSpan('request', async (request) => {
  let nested
  await storage.atomically(() => (nested = storage.health(), undefined))
  await nested
  request.end()
})
const spans = exporter.getFinishedSpans()
const parentOf = ({ parentSpanContext }) => spans.find((one) => one.spanContext().spanId === parentSpanContext?.spanId)
const parents = spans.filter(parentOf).map((span) => \`\${span.name} in \${parentOf(span).name}\`)
console.log(parents.sort().join(', '))
`

describe('@dir/storage-otel alone', () => {
  const name = '@dir/storage-otel'
  const source = `import { instrumentStorage } from '${name}'
const ours: Disposable = instrumentStorage({ commits: false })
ours[Symbol.dispose]()
`
  const untyped = source.replace(': Disposable', '')
  let workshop: Workshop
  let consumer: Consumer

  beforeAll(async () => {
    workshop = await Workshop.open()
    consumer = await workshop.install(name)
  })

  afterAll(() => workshop?.close())

  it("brings the contract and OpenTelemetry's API, and no SDK and no backend", async () => {
    const packages = await consumer.packages()
    expect([...packages.keys()].sort()).toEqual(['@dir/storage-core', name, '@opentelemetry/api'])
    expect(packages.get(name)).toEqual(['@dir/storage-core'])
  })

  it('has types that a strict project accepts', async () => {
    const outcome = await consumer.run([process.execPath, ...compile, ...noTypes], 'typed.mts', source)
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.for(node.runsOn)('runs on Node %s', async (version, context) => {
    const outcome = await consumer.run([nodeOrSkip(context, version)], 'probe.mjs', untyped)
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.for(['24', '26'])('makes the span of a call the active one on Node %s', async (version, context) => {
    const sdk = { '@opentelemetry/api': '1', '@opentelemetry/sdk-trace': '3' }
    const manager = { '@opentelemetry/context-async-hooks': '3' }
    const project = await workshop.installByPnpm([name, '@dir/storage-memory'], { ...sdk, ...manager })
    const outcome = await project.run([nodeOrSkip(context, version)], 'parents.mjs', PARENTS)
    expect(outcome).toEqual({ code: 0, stdout: 'atomically in request, health in atomically\n', stderr: '' })
  })

  it.for(node.refuses)('refuses Node %s in one line', async (version, context) => {
    const { code, stderr } = await consumer.run([nodeOrSkip(context, version)], 'old.mjs', untyped)
    expect(code).toBe(1)
    expect(stderr).toContain(`Error: ${name} needs Node 22.12 or newer`)
  })
})
