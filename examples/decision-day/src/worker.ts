// The entry of one worker process; `workers.ts` starts it.
import { once } from 'node:events'
import { runDays } from './day.ts'
import { openDesk } from './job.ts'
import { loadBars } from './market.ts'
import type { Message, WorkerJob } from './workers.ts'

/** The order in the middle of which a worker is killed: not its first, so that it leaves open positions behind. */
const FATAL_EFFECT = 2

let done = false
process.once('disconnect', () => process.exit(done ? 0 : 1)) // a worker does not outlive its parent

const job = JSON.parse(process.argv[2] ?? '') as WorkerJob
const { crash } = job
const desk = await openDesk(job, {
  // the effect happened, and the store does not know
  ...(crash === 'order' ? { onEffect: doomedAt(FATAL_EFFECT) } : {}),
  ...(typeof crash === 'number' ? { beforeWrite: doomedAt(crash) } : {}),
})

tell('ready')
await once(process, 'message')
await runDays(desk, loadBars().slice(0, job.days), () => tell('day'))
await desk.storage.close()
done = true
process.disconnect()

/** What does not return from its call of that number on: the worker is killed then. */
function doomedAt(number: number): () => Promise<void> {
  let calls = 0
  return async () => {
    calls++
    if (calls < number) return
    tell('doomed')
    await new Promise(() => {})
  }
}

function tell(message: Message): void {
  process.send?.(message)
}
