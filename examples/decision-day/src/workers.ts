import { type ChildProcess, fork } from 'node:child_process'
import type { Crash } from './arguments.ts'
import type { Job } from './job.ts'

/** What a worker tells its parent: it can begin, a day is done, or it stands where it is to be killed. */
export type Message = 'ready' | 'day' | 'doomed'

export interface WorkerJob extends Job {
  /** Where to stop, to be killed there. */
  readonly crash: Crash
}

export interface Crew {
  readonly job: Job
  readonly count: number
  readonly crash: Crash
  /** Kills them all. */
  readonly interruption: AbortSignal
}

const ENTRY = new URL('./worker.ts', import.meta.url)

/**
 * Works through the days with several processes on one store. With `crash`, the first of them is killed there by
 * SIGKILL, and what it leaves is not cleaned up here.
 */
export async function runWorkers(
  { job, count, crash, interruption }: Crew,
  onDay: () => void,
): Promise<void> {
  const workers = Array.from({ length: count }, (_, index) =>
    startWorker({ ...job, crash: index === 0 ? crash : null }, onDay),
  )
  const killAll = (): void => workers.forEach(({ child }) => child.kill('SIGKILL'))
  interruption.addEventListener('abort', killAll)
  try {
    await Promise.all(workers.map(({ ready }) => ready))
    for (const { child } of workers) child.send('go')
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    interruption.removeEventListener('abort', killAll)
    killAll()
    await Promise.allSettled(workers.map(({ ended }) => ended)) // nobody writes any more
  }
  if (crash !== null && workers[0]?.child.signalCode !== 'SIGKILL')
    throw new Error('No worker was killed: on so few days the first one did not come that far.')
}

interface Worker {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  readonly ended: Promise<void>
}

function startWorker(job: WorkerJob, onDay: () => void): Worker {
  const child = fork(ENTRY, [JSON.stringify(job)])
  let doomed = false
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0 || doomed) resolve()
      else reject(new Error(`A worker ended by ${signal ?? `exit code ${code}`}; its own message is above.`))
    })
  })
  const isReady = new Promise<void>((resolve) => {
    child.on('message', (message: Message) => {
      if (message === 'ready') resolve()
      else if (message === 'day') onDay()
      else doomed = child.kill('SIGKILL')
    })
  })
  return { child, ready: Promise.race([isReady, ended]), ended }
}
