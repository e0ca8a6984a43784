import type { StorageHandle } from '@dir/storage-core'
import type { Observed } from '../linear/checker.ts'
import { SUBJECTS } from '../linear/index.ts'
import { checkRefusals, judge } from '../linear/judge.ts'
import { type Subject, drive } from '../linear/subject.ts'
import { randomStream } from '../random.ts'
import type { Scenario, ScenarioContext } from '../scenario.ts'
import { openHandles, range } from './kit.ts'

const ROUNDS = 12
/** What a slow store makes at least, and after how long it need make no more. */
const FEWEST = 4
const ENOUGH_MS = 40_000
const CLIENTS = 6
const CALLS = 25

async function round(
  context: ScenarioContext,
  handles: readonly StorageHandle[],
  subject: Subject,
): Promise<Observed[]> {
  const id = context.id(subject.name)
  let moment = 0
  const all: unknown[] = []
  const clock = (): number => moment++
  const seed = Math.floor(context.random() * 2 ** 31)
  const histories = await Promise.all(
    range(CLIENTS).map((client) => {
      const storage = handles[client % handles.length] as StorageHandle
      const random = randomStream(seed, String(client))
      return drive(subject, { storage, id, client, calls: CALLS, random, clock, all })
    }),
  )
  return histories.flat()
}

export const scenarios: readonly Scenario[] = SUBJECTS.map((subject) => ({
  id: `linearizability/${subject.name}`,
  title: subject.title,
  clause: 'a verb takes effect at one moment between its call and its answer',
  level: 'atomic',
  protocols: [subject.protocol],
  capabilities: subject.capabilities,
  asserts: FEWEST,
  async run(context) {
    const handles = await openHandles(context, 4)
    const outputs: unknown[] = []
    const end = performance.now() + ENOUGH_MS
    for (let done = 0; done < ROUNDS && (done < FEWEST || performance.now() < end); done++) {
      const history = await round(context, handles, subject)
      judge(context.assert, subject, history)
      outputs.push(...history.map(({ output }) => output))
    }
    if (subject.name === 'lock') checkRefusals(outputs)
  },
}))
