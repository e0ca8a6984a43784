import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { proposalsOf } from './agents.ts'
import { type Arguments, USAGE, UsageError, readArguments } from './arguments.ts'
import { daysTaken, runDays } from './day.ts'
import { finish } from './finish.ts'
import { type Job, openDesk, settlingDesk } from './job.ts'
import { type Bar, loadBars } from './market.ts'
import { startProgress } from './progress.ts'
import { prove } from './proofs.ts'
import { readBack } from './read-back.ts'
import { registerAgents } from './roster.ts'
import { summarize } from './summary.ts'
import { runWorkers } from './workers.ts'

/** Runs the loop, proves what must hold, and says so. @returns whether all of it held. */
async function run(given: Arguments, bars: readonly Bar[], store: string): Promise<boolean> {
  const { backend, days, unsafe, workers, crash } = given
  const job: Job = { backend, days, unsafe, store, trace: `${store}.trace.jsonl` }
  const desk = await openDesk(job)
  try {
    const taken = await daysTaken(desk)
    if (taken > days)
      throw new UsageError(`The store holds ${taken} days already: use --days ${taken} or more.`)
    await registerAgents(desk)
    const progress = startProgress(days)
    if (workers === 1) await runDays(desk, bars, progress.onDay)
    else await runWorkers(job, workers, crash, progress.onDay)
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
    await desk.storage.close()
  }
}

async function main(): Promise<number> {
  const allBars = loadBars()
  const given = readArguments(process.argv.slice(2), allBars.length)
  if (given === null) {
    console.log(USAGE)
    return 0
  }
  const bars = allBars.slice(0, given.days)
  if (given.store !== null) return (await run(given, bars, path.resolve(given.store))) ? 0 : 1
  const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-'))
  try {
    return (await run(given, bars, path.join(folder, 'store'))) ? 0 : 1
  } finally {
    await rm(folder, { recursive: true })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`)
  else console.error(error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
