import { CHANNELS, type CommitMessage } from '@dir/storage-core'
import {
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  context,
  trace,
} from '@opentelemetry/api'
import { type Stop, activate, whenOver } from './listening.ts'
import { attributesOf, batchSize, failureOf, nameOf } from './names.ts'
import type { OpenCalls } from './open-calls.ts'

/** A span for each commit, linked to those of its calls both ways. */
export function instrumentCommits(tracer: Tracer, open: OpenCalls): readonly Stop[] {
  const spans = new WeakMap<CommitMessage, Span>()

  const begin = (commit: CommitMessage): Context => {
    const operation = { ...commit, protocol: '', method: 'commit' }
    const attributes = { ...attributesOf(operation), ...batchSize(commit.operations) }
    const calls = commit.calls.flatMap((call) => open.get(call)?.span ?? [])
    const links = calls.map((call) => ({ context: call.spanContext() }))
    const options = { kind: SpanKind.CLIENT, root: true, attributes, links }
    const span = tracer.startSpan(nameOf(operation), options)
    for (const call of calls) call.addLink({ context: span.spanContext() })
    spans.set(commit, span)
    return trace.setSpan(context.active(), span)
  }

  const end = (commit: CommitMessage): void => {
    const { written, refused, blocked, again, failed, code } = commit
    const span = spans.get(commit)
    if (span === undefined) return
    for (const [name, works] of Object.entries({ written, refused, blocked, again, failed }))
      if (works > 0) span.setAttribute(`dir.storage.commit.${name}`, works)
    span.setAttributes(failureOf(code))
    if (code !== null) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }

  return [activate(CHANNELS.commit, begin), whenOver(CHANNELS.commit, end)]
}
