import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Figures, shortOf } from './figures.ts'
import { countWrites, initialise } from './init-jobs.ts'
import type { Scale } from './scale.ts'
import { freshNamespace } from './store.ts'

const toJob = jobsOf(new URL('./init-jobs.ts', import.meta.url).href)

/** Many processes initialise a namespace that is not there yet, all at once; and another, round after round. */
export async function init(module: string, { init: scale, timeoutMs }: Scale): Promise<Figures> {
  let [initialised, failures, missing] = [0, 0, 0]
  for (let round = 0; round < scale.rounds; round++) {
    const namespace = freshNamespace()
    const processes = createProcesses({ backend: module, namespace, scenario: 'init', seed: 1, timeoutMs })
    try {
      const job = toJob(initialise, {}, { init: false })
      const jobs = await processes.start(Array.from({ length: scale.processes }, () => job))
      for (const one of jobs) one.go()
      const answers = await Promise.allSettled(jobs.map((one) => one.answer))
      for (const answer of answers) {
        if (answer.status === 'fulfilled' && answer.value === true) initialised++
        else {
          failures++
          if (answer.status === 'rejected') console.error(String(answer.reason))
        }
      }
      const [counts] = (await processes.run([toJob(countWrites, {})])) as [number[]]
      for (const count of counts) missing += Math.abs(scale.processes - count)
    } finally {
      await processes.end()
    }
  }
  return {
    part: 'init',
    ran: { processes: scale.processes, rounds: scale.rounds, initialised },
    broken: { failures, 'writes missing': missing },
    short: shortOf({ attempts: [initialised + failures, scale.processes * scale.rounds] }),
  }
}
