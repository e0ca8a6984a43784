// The entry of one worker process; `workers.ts` starts it.
import { once } from 'node:events'
import { runDays } from './day.ts'
import { openDesk } from './job.ts'
import { loadBars } from './market.ts'
import type { Message, WorkerJob } from './workers.ts'

/** The order in which a doomed worker stops: not its first, so that it leaves open positions behind. */
const DOOMED_EFFECT = 2

let done = false
process.once('disconnect', () => process.exit(done ? 0 : 1)) // a worker does not outlive its parent

const job = JSON.parse(process.argv[2] ?? '') as WorkerJob
let effects = 0
const desk = await openDesk(job, async () => {
  effects++
  if (!job.doomed || effects !== DOOMED_EFFECT) return
  tell('middle')
  await new Promise(() => {}) // killed here: the effect happened, and the store does not know
})

tell('ready')
await once(process, 'message')
await runDays(desk, loadBars().slice(0, job.days), () => tell('day'))
await desk.storage.close()
done = true
process.disconnect()

function tell(message: Message): void {
  process.send?.(message)
}
