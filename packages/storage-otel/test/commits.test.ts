import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sqliteStorage } from '@dir/storage-sqlite'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { SpanKind } from '@opentelemetry/api'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Telemetry, useContextManager } from './telemetry.ts'

let folder: string

beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-otel-'))))
afterAll(() => rmSync(folder, { recursive: true }))

useContextManager()

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const linksOf = (span: ReadableSpan): string[] => span.links.map((link) => link.context.spanId)

test('a commit is a root that is linked to its calls, and they to it', async () => {
  using telemetry = new Telemetry()
  const tracer = telemetry.tracerProvider.getTracer('application')
  await tracer.startActiveSpan('request', async (request) => {
    await using storage = sqliteStorage(path.join(folder, 'linked.sqlite'))
    await storage.init()
    await Promise.all([
      storage.decisionAudit.record('f', 'E'),
      storage.atomically((batch) => {
        batch.intentRetry.setCount('f', 1)
        batch.intentRetry.setCount('g', 1)
      }),
      expect(storage.lifecycle.transition('f', 'A', 'B')).resolves.toBe(false),
    ])
    request.end()
  })
  const commit = telemetry.span('commit')
  const calls = ['record decisionAudit', 'atomically', 'transition lifecycle'].map((name) =>
    telemetry.span(name),
  )
  expect(commit.kind).toBe(SpanKind.CLIENT)
  expect(commit.parentSpanContext).toBeUndefined()
  expect(commit.attributes).toEqual({
    'db.system.name': 'sqlite',
    'db.operation.name': 'commit',
    'db.operation.batch.size': 4,
    'dir.storage.commit.written': 3,
  })
  expect(linksOf(commit)).toEqual(calls.map(idOf))
  expect(calls.map(linksOf)).toEqual(calls.map(() => [idOf(commit)]))
  for (const { attributes } of calls) {
    expect(attributes['dir.storage.attempts']).toBe(1)
    expect(attributes['dir.storage.wait.queue']).toBeGreaterThan(0)
  }
})

test('a call that others keep from the store says how long it waited for them', async () => {
  const file = path.join(folder, 'waiting.sqlite')
  await using storage = sqliteStorage(file)
  await storage.init()
  using telemetry = new Telemetry()
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const written = storage.decisionAudit.record('f', 'E')
  while (telemetry.spans.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  other.exec('ROLLBACK')
  other.close()
  await written
  const { attributes, links } = telemetry.span('record decisionAudit')
  expect(attributes['dir.storage.attempts']).toBe(links.length)
  expect(links.length).toBeGreaterThan(1)
  expect(attributes['dir.storage.wait.access']).toBeGreaterThan(0)
  const [first] = telemetry.spans
  expect(first?.attributes).toEqual({
    'db.system.name': 'sqlite',
    'db.operation.name': 'commit',
    'dir.storage.commit.blocked': 1,
  })
})

test('with commits: false there are only spans of calls', async () => {
  await using storage = sqliteStorage(path.join(folder, 'calls.sqlite'))
  await storage.init()
  using telemetry = new Telemetry({ commits: false })
  await storage.intentRetry.increment('f')
  expect(telemetry.spans.map(({ name }) => name)).toEqual(['increment intentRetry'])
})
