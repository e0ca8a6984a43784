import { inspect } from 'node:util'
import type { Protocol } from '@dir/storage-core'
import type { StorageErrorLike } from '../assert.ts'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

const INVALID = 'STORAGE_INVALID_ARGUMENT'

/** Everything that a log would show of an error. */
const shown = (error: Error): string =>
  [String(error), error.stack, JSON.stringify(error), inspect(error, { depth: 12, showHidden: true })].join(
    '\n',
  )

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: 'any' }, [
    {
      id: 'handle/errors-say-where-and-hide-what',
      title: 'an error names backend, protocol, operation and argument, and shows nothing of ids and values',
      clause: 'no payload, or id other than the fields, is reachable from an error, its JSON, or inspect',
      asserts: 24,
      async run({ storage, protocols, gives, open, id, assert }) {
        const secret = id('secret')
        const json = `{"password": "${secret}"}`
        const small = await open({ maxValueBytes: 20 })
        const { agentRegistry, context, idempotency, decisionAudit, saga, resourceLock, escalation } = storage
        const cases: [Protocol, string, string, () => Promise<unknown>, 'STORAGE_VALUE_TOO_LARGE'?][] = [
          [
            'agentRegistry',
            'upsertAgent',
            'contractJson',
            () => agentRegistry.upsertAgent(anAgent(secret, { contractJson: `${json}!` })),
          ],
          [
            'agentRegistry',
            'upsertAgent',
            'agent',
            () => agentRegistry.upsertAgent({ ...anAgent(secret), [secret]: 1 }),
          ],
          ['context', 'setSession', 'dataJson', () => context.setSession(secret, json.slice(1))],
          ['context', 'getState', 'agentId', () => context.getState(secret.repeat(40))],
          ['idempotency', 'set', 'result', () => idempotency.set(secret, { [secret]: nest(secret, 501) })],
          [
            'decisionAudit',
            'record',
            'stepId',
            () => decisionAudit.record(secret, secret, { stepId: `${secret}\0` }),
          ],
          ['saga', 'markDirty', 'partialStateJson', () => saga.markDirty(secret, secret, `[${json}`)],
          [
            'resourceLock',
            'acquireBatch',
            'resources',
            () => resourceLock.acquireBatch(secret, { [secret]: -1 }, 0),
          ],
          [
            'escalation',
            'insertRequest',
            'proposalJson',
            () =>
              escalation.insertRequest(aRequest(secret, secret, { contextJson: json, proposalJson: secret })),
          ],
          [
            'escalation',
            'resolveRequest',
            'resolvedAt',
            () => escalation.resolveRequest(secret, secret, secret, json),
          ],
          [
            'context',
            'setState',
            'dataJson',
            () => small.context.setState(secret, json),
            'STORAGE_VALUE_TOO_LARGE',
          ],
          [
            'idempotency',
            'set',
            'result',
            () => small.idempotency.set(secret, { secret }),
            'STORAGE_VALUE_TOO_LARGE',
          ],
        ]
        for (const [protocol, operation, argument, call, code = 'STORAGE_INVALID_ARGUMENT'] of cases) {
          // options of a handle are promised by those who bring a whole one
          if (!protocols.includes(protocol) || (code === 'STORAGE_VALUE_TOO_LARGE' && !gives('health')))
            continue
          const place = {
            ...(gives('health') ? { backend: storage.backend } : {}),
            protocol,
            operation,
            argument,
            retryable: false,
            outcome: 'not-applied',
          }
          const error = await assert.rejects(call, code, `${protocol}.${operation}: a bad ${argument}`, place)
          assert.ok(!shown(error).includes(secret), `${protocol}.${operation}: the error shows no value`)
        }
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: 'any' }, [
    {
      id: 'handle/refusals-say-where-and-hide-what',
      title: 'the refusal of a verb names its place and its own fields, and shows no other id or value',
      clause: 'no payload, or id other than the fields, is reachable from an error, its JSON, or inspect',
      asserts: 6,
      async run({ storage, protocols, gives, id, assert }) {
        const { resourceLock, intentRetry, decisionAudit } = storage
        const [secret, resourceId] = [id('secret'), id('resource')]
        if (protocols.includes('intentRetry')) await intentRetry.setCount(secret, 2_147_483_647)
        const capacities = { [resourceId]: 1, [secret]: 1 }
        const cases: [Protocol, string, StorageErrorLike['code'], () => Promise<unknown>, object][] = [
          [
            'resourceLock',
            'acquire',
            'STORAGE_INSUFFICIENT_CAPACITY',
            () => resourceLock.acquire(secret, { [resourceId]: 2 }, 0, { capacities }),
            { resourceId, requested: 2, locked: 0, capacity: 1 },
          ],
          ['intentRetry', 'increment', INVALID, () => intentRetry.increment(secret), {}],
          [
            'decisionAudit',
            'events',
            INVALID,
            () => Array.fromAsync(decisionAudit.events({ dfid: `${secret}\0` })),
            { argument: 'dfid' },
          ],
        ]
        for (const [protocol, operation, code, call, fields] of cases) {
          if (!protocols.includes(protocol)) continue
          const error = await assert.rejects(call, code, operation, {
            protocol,
            operation,
            retryable: false,
            outcome: 'not-applied',
            ...(gives('health') ? { backend: storage.backend } : {}),
            ...fields,
          })
          assert.ok(!shown(error).includes(secret), `${operation}: the error shows no other id`)
        }
      },
    },
  ]),
]

function nest(value: unknown, levels: number): unknown {
  return levels === 0 ? value : [nest(value, levels - 1)]
}
