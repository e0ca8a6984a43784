import { proposalsOf } from './agents.ts'
import { type Arguments, UsageError } from './arguments.ts'
import type { Place } from './backends.ts'
import { daysTaken, runDays } from './day.ts'
import { finish } from './finish.ts'
import { type Job, openDesk, settlingDesk } from './job.ts'
import type { Bar } from './market.ts'
import { startProgress } from './progress.ts'
import { prove } from './proofs.ts'
import { readBack } from './read-back.ts'
import { registerAgents } from './roster.ts'
import { summarize } from './summary.ts'
import { runWorkers } from './workers.ts'

/** Runs the loop, proves what must hold, and says so. @returns whether all of it held. */
export async function run(
  given: Arguments,
  bars: readonly Bar[],
  place: Place,
  interruption: AbortSignal,
): Promise<boolean> {
  interruption.throwIfAborted()
  const { backend, days, unsafe, workers, crash } = given
  const job: Job = { backend, days, unsafe, place, trace: `${place.file}.trace.jsonl` }
  const desk = await openDesk(job)
  const close = (): void => void desk.storage.close() // ends whatever waits for it
  interruption.addEventListener('abort', close)
  try {
    const taken = await daysTaken(desk)
    if (taken > days)
      throw new UsageError(`The store holds ${taken} days already: use --days ${taken} or more.`)
    await registerAgents(desk)
    const progress = startProgress(days)
    if (workers === 1) await runDays(desk, bars, progress.onDay)
    else await runWorkers({ job, count: workers, crash, interruption }, progress.onDay)
    progress.end()
    const takenUp = await finish(settlingDesk(job, desk), bars)
    if (takenUp > 0) console.log(`unfinished flows taken up: ${takenUp}`)

    const left = await readBack(desk.storage, job.trace)
    const proofs = prove(left, bars.flatMap(proposalsOf))
    console.log(`\n${summarize(given, bars, left, proofs)}`)
    const failed = proofs.filter(({ holds }) => !holds).length
    if (failed > 0) console.error(`\n${failed} of ${proofs.length} proofs do not hold.`)
    return failed === 0
  } finally {
    interruption.removeEventListener('abort', close)
    await desk.storage.close()
  }
}
