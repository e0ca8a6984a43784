import { type FlowFilter, PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { growsOld } from './grows-old.ts'
import { group } from './kit.ts'
import { flowsOf, lastOfEach, read } from './lifecycle-flows.ts'
import { ago, move, plant } from './plant.ts'

const DAY = 86_400

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['lifecycle'], needs: 'empty' },
  [
    {
      id: 'lifecycle/flows-grow-old',
      title:
        'listFlows gives a flow once it has stood there as long as is asked for, and no more once it moves',
      clause: 'listFlows({ olderThanSec? }): judged by the clock of the backend against since',
      asserts: 5,
      async run({ storage: { lifecycle }, assert }) {
        const older = (olderThanSec: number) => flowsOf(lifecycle, { olderThanSec, status: 'A' })
        await growsOld({ assert }, 'one', () => lifecycle.recordTransition('one', null, 'A'), older)
        await lifecycle.recordTransition('one', 'A', 'B')
        assert.equal(await older(0), [], 'moved away')
      },
    },
    {
      id: 'lifecycle/flows-are-listed-by-age',
      title:
        'the last transition is the one that came last, not the latest by its time, and its time is what counts',
      clause:
        'listFlows: last by insertion, never by timestamp; those whose since lies so many seconds back or more',
      capabilities: ['export'],
      protocols: PROTOCOLS,
      asserts: 11,
      async run({ storage, assert }) {
        const { lifecycle } = storage
        await plant(storage, [
          move('older', 'A', ago(DAY * 1)),
          move('young', 'B', ago(DAY * 1)),
          move('oldest', 'A', ago(DAY * 9_000)),
          move('old', 'A', ago(DAY * 30)),
          move('of tomorrow', 'A', ago(DAY * -1)),
          move('older', 'B', ago(DAY * 300)),
          move('oldest', 'B', ago(DAY * 3_000)),
        ])
        assert.equal(await read(lifecycle), await lastOfEach(lifecycle), 'all, whole')
        const cases: readonly (readonly [FlowFilter, readonly string[]])[] = [
          [{}, ['young', 'old', 'of tomorrow', 'older', 'oldest']],
          [{ olderThanSec: 0 }, ['young', 'old', 'older', 'oldest']],
          [{ olderThanSec: 20 * DAY }, ['old', 'older', 'oldest']],
          [{ olderThanSec: 200.5 * DAY }, ['older', 'oldest']],
          [{ olderThanSec: 8_000 * DAY }, []],
          [{ olderThanSec: 20 * DAY, status: 'A' }, ['old']],
          [{ olderThanSec: 20 * DAY, status: 'B' }, ['older', 'oldest']],
          [{ olderThanSec: 20 * DAY, status: 'C' }, []],
        ]
        for (const [filter, flows] of cases)
          assert.equal(await flowsOf(lifecycle, filter), flows, JSON.stringify(filter))
        await lifecycle.recordTransition('oldest', 'B', 'A')
        assert.equal(
          await flowsOf(lifecycle, { status: 'A' }),
          ['old', 'of tomorrow', 'oldest'],
          'what moves here comes after what was brought',
        )
        assert.equal(await flowsOf(lifecycle, { status: 'B' }), ['young', 'older'], 'what it left')
      },
    },
  ],
)
