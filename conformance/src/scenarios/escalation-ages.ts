import { PROTOCOLS, type RequestFilter } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { flowsOf } from './escalation-lists.ts'
import { group, whole } from './kit.ts'
import { growsOld } from './grows-old.ts'
import { ago, asked } from './plant.ts'
import { aRequest } from './samples.ts'

const DAY = 86_400

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['escalation'], needs: 'empty' },
  [
    {
      id: 'escalation/requests-grow-old',
      title: 'listRequests gives a request once it is as old as is asked for, by the clock of the store',
      clause: 'listRequests({ olderThanSec? }): judged by the clock of the backend against createdAt',
      asserts: 4,
      async run({ storage: { escalation }, assert }) {
        const write = () => escalation.insertRequest(aRequest('one', 'agent'))
        await growsOld({ assert }, 'one', write, (olderThanSec) => flowsOf(escalation, { olderThanSec }))
      },
    },
    {
      id: 'escalation/requests-are-listed-by-age',
      title:
        'listRequests tells the old requests from the young to the second, whatever their order and status',
      clause: 'listRequests({ olderThanSec? }): those whose createdAt lies so many seconds back or more',
      capabilities: ['export'],
      protocols: PROTOCOLS,
      asserts: 7,
      async run({ storage, assert }) {
        const { escalation } = storage
        const resolved = { status: 'RESOLVED', resolvedAt: ago(0), decision: 'x' } as const
        await storage.importRecords(
          whole([
            asked('young', ago(DAY)),
            asked('old', ago(30 * DAY)),
            { ...asked('older', ago(300 * DAY)), ...resolved },
            { ...asked('oldest', ago(3_000 * DAY)), agentId: 'other' },
            asked('of tomorrow', ago(-DAY)),
          ]),
        )
        const cases: readonly (readonly [RequestFilter, readonly string[]])[] = [
          [{ olderThanSec: 0 }, ['young', 'old', 'older', 'oldest']],
          [{ olderThanSec: 20 * DAY }, ['old', 'older', 'oldest']],
          [{ olderThanSec: 200.5 * DAY }, ['older', 'oldest']],
          [{ olderThanSec: 9_000 * DAY }, []],
          [{ olderThanSec: 20 * DAY, status: 'PENDING' }, ['old', 'oldest']],
          [{ olderThanSec: 20 * DAY, status: 'RESOLVED' }, ['older']],
          [{ olderThanSec: 20 * DAY, agentId: 'agent' }, ['old', 'older']],
        ]
        for (const [filter, flows] of cases)
          assert.equal(await flowsOf(escalation, filter), flows, JSON.stringify(filter))
      },
    },
  ],
)
