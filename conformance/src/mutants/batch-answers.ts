import type { Batch, Protocol, StorageHandle } from '@dir/storage-core'
import { aRequest } from '../scenarios/samples.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

interface Answer {
  readonly protocol: Protocol
  readonly method: string
  readonly killedBy: string
  readonly record: (batch: Batch) => void
}

const ANSWERS: readonly Answer[] = [
  {
    protocol: 'agentRegistry',
    method: 'updateStatus',
    killedBy: 'atomically/an-agent-that-is-not-there-fails-the-batch',
    record: (batch) => batch.agentRegistry.updateStatus('w', 'SUSPENDED', null),
  },
  {
    protocol: 'escalation',
    method: 'resolveRequest',
    killedBy: 'atomically/a-request-that-the-batch-opens-fails-the-batch',
    record(batch) {
      batch.escalation.insertRequest(aRequest('w', 'w'))
      batch.escalation.resolveRequest('w', '2026-03-01', 'APPROVE', null)
    },
  },
  {
    protocol: 'resourceLock',
    method: 'renew',
    killedBy: 'atomically/a-lease-that-is-newer-fails-the-batch',
    record: (batch) => batch.resourceLock.renew('w', 60),
  },
  {
    protocol: 'idempotency',
    method: 'renewClaim',
    killedBy: 'atomically/a-claim-that-a-result-voids-fails-the-batch',
    record: (batch) => batch.idempotency.renewClaim('w', 'token', 60),
  },
  {
    protocol: 'idempotency',
    method: 'complete',
    killedBy: 'atomically/a-claim-of-somebody-else-fails-the-batch',
    record: (batch) => batch.idempotency.complete('w', 'token', {}),
  },
  {
    protocol: 'idempotency',
    method: 'abandon',
    killedBy: 'atomically/a-claim-that-is-not-there-fails-the-batch',
    record: (batch) => batch.idempotency.abandon('w', 'token'),
  },
]

/** `record`, without its calls of one method. */
const without = (record: (batch: Batch) => void, { protocol, method }: Answer) => {
  return (batch: Batch): void => record({ ...batch, [protocol]: { ...batch[protocol], [method]() {} } })
}

export const batchAnswerMutants: readonly Mutant[] = ANSWERS.map((answer) => ({
  id: `batch-goes-on-without-${answer.method}`,
  breaks: `where ${answer.method} would answer false, the rest of its batch is committed`,
  from: 'an UPDATE that found no row, whose count nobody looks at inside a transaction',
  killedBy: answer.killedBy,
  wrap: over((sound) => ({
    async atomically(record) {
      try {
        return await sound.atomically(record)
      } catch (error) {
        const { code, operation } = error as { readonly code?: string; readonly operation?: string }
        if (code !== 'STORAGE_CONFLICT' || operation !== answer.method) throw error
        return sound.atomically(without(record, answer))
      }
    },
  })),
  async witness(storage) {
    const batch = storage.atomically((recorder) => {
      recorder.context.setSession('w', '1')
      answer.record(recorder)
    })
    await batch.catch(() => {})
    return (await storage.context.getSession('w')) === '1'
  },
}))

/** Whether every status that a batch expects is among those its flow ever had. */
const wasSo = async (
  { lifecycle }: StorageHandle,
  expected: readonly (readonly [string, string | null])[],
) => {
  const paths = await Promise.all(expected.map(([dfid]) => lifecycle.getTransitions(dfid)))
  return expected.every(([, status], n) => paths[n]?.some(({ toStatus }) => toStatus === status))
}

export const formerStatusMutant: Mutant = {
  id: 'batch-takes-a-status-that-was',
  breaks: 'a batch that expects a status which the flow has left is committed',
  from: 'EXISTS over all transitions of a flow',
  killedBy: 'atomically/an-expected-status-that-was-fails-the-batch',
  wrap: over((sound) => ({
    async atomically(record) {
      try {
        return await sound.atomically(record)
      } catch (error) {
        const expected: [string, string | null][] = []
        const unjudged = (batch: Batch): unknown =>
          record({ ...batch, expectStatus: (dfid, status) => void expected.push([dfid, status]) })
        const stop = new RangeError('only to see what it expects')
        await sound
          .atomically((batch) => {
            unjudged(batch)
            throw stop
          })
          .catch(() => {})
        if ((error as { operation?: string }).operation !== 'expectStatus' || !(await wasSo(sound, expected)))
          throw error
        return sound.atomically(unjudged)
      }
    },
  })),
  async witness(storage) {
    await storage.lifecycle.recordTransition('w', null, 'A')
    await storage.lifecycle.recordTransition('w', 'A', 'B')
    return storage
      .atomically((batch) => batch.expectStatus('w', 'A'))
      .then(
        () => true,
        () => false,
      )
  },
}
