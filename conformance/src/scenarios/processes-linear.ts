import type { Observed } from '../linear/checker.ts'
import { SUBJECTS } from '../linear/index.ts'
import { judge } from '../linear/judge.ts'
import type { Scenario } from '../scenario.ts'
import { PROCESSES, range } from './kit.ts'
import { client, toJob } from './process-jobs.ts'

/** How many objects the clients use, one after another. */
const OBJECTS = 6

export const scenarios: readonly Scenario[] = SUBJECTS.map((subject) => ({
  id: `processes/linear-${subject.name}`,
  title: `from several processes, ${subject.title}`,
  clause: 'a verb takes effect at one moment between its call and its answer',
  level: 'shared',
  protocols: [subject.protocol],
  capabilities: [...subject.capabilities, 'processes'],
  asserts: OBJECTS,
  async run({ processes, id, assert }) {
    const ids = range(OBJECTS).map(() => id(subject.name))
    const job = toJob(client, { subject: subject.name, ids, calls: 25 })
    const seen = (await processes.run(range(PROCESSES).map(() => job))) as Observed[][][]
    for (const object of ids.keys())
      judge(
        assert,
        subject,
        seen.flatMap((histories) => histories[object] ?? []),
      )
  },
}))
