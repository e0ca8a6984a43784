import type { Work } from './call.ts'
import type { CommitQueueOptions, Sending } from './commit-queue-options.ts'
import type { WorkResult } from './queued-work.ts'
import {
  type CommitMessage,
  type Draft,
  NOBODY,
  NOT_OVER,
  type TraceSource,
  begin,
  commits,
  end,
} from './tracing.ts'
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
    end(commits, message, start)
    return results
  } catch (error) {
    // as the queue takes it: what became of those that were sent says nothing of the others
    message.failed = sent === 0 ? works.length : sent
    message.again = works.length - message.failed
    end(commits, message, start, { error })
    throw error
  }
}

function messageOf({ backend, namespace }: TraceSource, works: readonly Work[]): Draft<CommitMessage> {
  const operations = works.flatMap(({ calls }) => calls)
  return {
    backend,
    namespace: namespace ?? null,
    works: works.length,
    operations: operations.length,
    bytes: works.reduce((sum, { bytes }) => sum + bytes, 0),
    calls: [...new Set(operations.flatMap(({ trace: call }) => call ?? []))],
    written: 0,
    refused: 0,
    blocked: 0,
    again: 0,
    failed: 0,
    ...NOT_OVER,
  }
}

function endOf(result: WorkResult): 'written' | 'refused' | 'blocked' | 'again' | 'failed' {
  if (typeof result === 'string') return result
  if ('answers' in result) return 'written'
  return Object.values(refusals).some((Refusal) => result.error instanceof Refusal) ? 'refused' : 'failed'
}
