import { setImmediate as pause } from 'node:timers/promises'
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'
import { LISTS, type Replaced } from './whole-records-lists.ts'
import { same } from '../same.ts'
import { show } from '../show.ts'

const TIMES = 40

/** Read by two calls, between which it may change. */
const AGENT = 'agent-registry/agent'

/** Records of which the latest write is seen; the others keep them all. */
const REPLACED_KINDS = RECORD_KINDS.filter(
  (kind) => kind.name !== AGENT && same(kind.after(1, 2), kind.after(2)),
)

const records = REPLACED_KINDS.map((kind): Replaced => ({
  words: kind.name.replace('/', '-'),
  protocol: kind.protocol,
  level: 'seed',
  write: (storage, id, n) => kind.write(storage, id, n, `${id} other`),
  read: (storage, id) => kind.read(storage, id, `${id} other`),
  isWhole: (seen) =>
    Array.from({ length: TIMES + 1 }, (_, n) => kind.after(n)).some((one) => same(one, seen)),
}))

export const scenarios: readonly Scenario[] = [...records, ...LISTS].flatMap(
  ({ words, protocol, level, capabilities, write, read, isWhole }) =>
    group(
      {
        level,
        ...(capabilities === undefined ? { protocols: [protocol] } : { protocols: PROTOCOLS, capabilities }),
      },
      [
        {
          id: `whole-records/${words}`,
          title: `while it is replaced, ${words.replaceAll('-', ' ')}: readers see what one write left, never nothing or a half`,
          clause: `${protocol}: a write is one step for every reader`,
          asserts: 2,
          async run(context) {
            const { id, assert } = context
            const [writer, ...readers] = await openHandles(context, 3)
            if (writer === undefined) return
            const one = id('one')
            await write(writer, one, 0)
            let busy = true
            const bad: unknown[] = []
            let reads = 0
            const reading = readers.map(async (reader) => {
              while (busy) {
                const seen = await read(reader, one)
                reads++
                if (!isWhole(seen, one)) bad.push(seen)
                await pause()
              }
            })
            for (let n = 1; n <= TIMES; n++) {
              await write(writer, one, n)
              await pause()
            }
            busy = false
            await Promise.all(reading)
            assert.equal(bad.slice(0, 3).map(show), [], 'what was neither before nor after a write')
            assert.ok(reads > 0, 'somebody read')
          },
        },
      ],
    ),
)
