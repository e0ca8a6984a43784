import type { Work } from './call.ts'
import type { CommitQueueOptions, Sending } from './commit-queue-options.ts'
import type { WorkResult } from './queued-work.ts'
import { type CallMessage, type CommitMessage, type Draft, NOBODY, type TraceSource } from './messages.ts'
import { begin, commits, end, fail } from './tracing.ts'
import * as refusals from '../errors/refusals.ts'

type Commit = CommitQueueOptions['commit']

/** The `commit` of these options, told to those who listen. */
export function tracedCommit(options: CommitQueueOptions): Commit {
  return (works, sending) =>
    commits.hasSubscribers ? trace(options, works, sending) : options.commit(works, sending)
}

async function trace(
  { commit, source = NOBODY }: CommitQueueOptions,
  works: readonly Work[],
  sending: Sending,
): Promise<readonly WorkResult[]> {
  const start = performance.now()
  const message = messageOf(source, works)
  let sent = 0
  const counting: Sending = (some) => {
    const may = sending(some)
    if (may) sent += some.length
    return may
  }
  try {
    const results = await begin(commits, message, () => commit(works, counting))
    for (const result of results) message[endOf(result)]++
    end(commits, message, performance.now() - start)
    return results
  } catch (error) {
    // as the queue takes it: what became of those that were sent says nothing of the others
    message.failed = sent === 0 ? works.length : sent
    message.again = works.length - message.failed
    fail(commits, message, performance.now() - start, error)
    throw error
  }
}

function messageOf({ backend, namespace }: TraceSource, works: readonly Work[]): Draft<CommitMessage> {
  const calls = new Set<CallMessage>()
  let operations = 0
  let bytes = 0
  for (const work of works) {
    const trace = work.calls[0]?.trace
    if (trace !== undefined) calls.add(trace)
    operations += work.calls.length
    bytes += work.bytes
  }
  const none = { written: 0, refused: 0, blocked: 0, again: 0, failed: 0 }
  const counts = { works: works.length, operations, bytes }
  return {
    backend,
    namespace: namespace ?? null,
    ...counts,
    calls: [...calls],
    ...none,
    elapsedMs: null,
    code: null,
    outcome: null,
  }
}

function endOf(result: WorkResult): 'written' | 'refused' | 'blocked' | 'again' | 'failed' {
  if (typeof result === 'string') return result
  if ('answers' in result) return 'written'
  return Object.values(refusals).some((Refusal) => result.error instanceof Refusal) ? 'refused' : 'failed'
}
