import { type ChildProcess, fork } from 'node:child_process'
import type { StorageHandle } from '@dir/storage-core'
import type { ChildMessage, ParentMessage } from './child.ts'

/**
 * What an operating-system process is to do: run an exported function of a scenario's module on a handle of its own.
 * `{ module: import.meta.url, run: 'incrementMany', args: { dfid, times: 100 } }` calls
 * `export async function incrementMany(job: JobContext): Promise<unknown>` in the child. Arguments, answers and
 * acknowledgements are copied (structured clone).
 */
export interface Job {
  readonly module: string
  readonly run: string
  readonly args?: Readonly<Record<string, unknown>>
  /** False: the handle is opened after the start signal and not initialised. Default: ready before it. */
  readonly init?: boolean
  /** Instead of the scenario's. */
  readonly namespace?: string
}

/** What the job's function gets. */
export interface JobContext {
  readonly storage: StorageHandle
  readonly namespace: string
  readonly args: Readonly<Record<string, unknown>>
  /** Which of the started jobs this is, from 0. */
  readonly index: number
  /** Tells the parent that something is done; it stays told when this process is killed afterwards. */
  readonly ack: (value: unknown) => void
  /** The same sequence for the same seed, scenario and index. */
  readonly random: () => number
}

/** A process that has loaded the backend, opened its handle and waits for the start signal. */
export interface RunningJob {
  readonly pid: number
  /** What it acknowledged so far. */
  readonly acks: readonly unknown[]
  /** Called with each acknowledgement and their number so far. */
  onAck(listener: (value: unknown, count: number) => void): void
  go(): void
  /** The function's answer. Rejects if it threw, or if the process ended (killed, too) before answering. */
  readonly answer: Promise<unknown>
  /** SIGKILL; settles when the process is gone. */
  kill(): Promise<void>
  /** Settles when the process is gone, with its exit code; null: it was killed. */
  readonly gone: Promise<number | null>
}

export interface Processes {
  /** Starts a process per job, waits until all are ready, lets them go at once. @returns their answers, in that order. */
  run(jobs: readonly Job[]): Promise<unknown[]>
  /** As `run`, handing the processes over before the start signal. */
  start(jobs: readonly Job[]): Promise<RunningJob[]>
}

export interface ProcessOptions {
  /** The URL of the backend's module. */
  readonly backend: string
  readonly namespace: string
  readonly seed: number
  readonly scenario: string
  /** After so long a process is killed, and its answer rejects. */
  readonly timeoutMs?: number
}

// A built package has only .js files beside this one.
const CHILD: URL = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)

/** The processes of one scenario. `end` kills what is left of them. */
export function createProcesses(options: ProcessOptions): Processes & { end(): Promise<void> } {
  const running: RunningJob[] = []
  let started = 0

  const start = async (jobs: readonly Job[]): Promise<RunningJob[]> => {
    const all = jobs.map((job) => startJob(options, job, started++))
    running.push(...all.map(({ job }) => job))
    await Promise.all(all.map(({ ready }) => ready))
    return all.map(({ job }) => job)
  }

  return {
    start,
    async run(jobs) {
      const all = await start(jobs)
      for (const job of all) job.go()
      return Promise.all(all.map((job) => job.answer))
    },
    async end() {
      await Promise.all(running.map((job) => job.kill()))
    },
  }
}

function startJob(
  options: ProcessOptions,
  job: Job,
  index: number,
): { job: RunningJob; ready: Promise<void> } {
  const { timeoutMs = 120_000, ...where } = options
  const child = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let late = ''
  const timer = setTimeout(() => {
    late = `, ended after ${timeoutMs} ms`
    child.kill('SIGKILL')
  }, timeoutMs)
  const acks: unknown[] = []
  const listeners: ((value: unknown, count: number) => void)[] = []
  const ready = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<unknown>()
  const gone = Promise.withResolvers<number | null>()
  for (const { promise } of [ready, answer]) promise.catch(() => {}) // a killed process may have nobody waiting

  let stderr = ''
  child.stderr?.on('data', (chunk) => (stderr = (stderr + String(chunk)).slice(-2_000)))
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'ready') ready.resolve()
    else if (message.type === 'answer') answer.resolve(message.value)
    else if (message.type === 'error') {
      ready.reject(new Error(message.text))
      answer.reject(new Error(message.text))
    } else {
      acks.push(message.value)
      for (const listener of listeners) listener(message.value, acks.length)
    }
  })
  const end = (how: string, exitCode: number | null): void => {
    clearTimeout(timer)
    const error = new Error(`The process of ${job.run} ended before it answered (${how}). ${stderr}`)
    ready.reject(error)
    answer.reject(error)
    gone.resolve(exitCode)
  }
  child.on('error', (error) => end(String(error), null))
  child.on('close', (code, signal) => end(`exit code ${code}, signal ${signal}${late}`, code))
  send(child, { type: 'job', ...where, namespace: job.namespace ?? where.namespace, job, index })

  return {
    ready: ready.promise,
    job: {
      pid: child.pid ?? 0,
      acks,
      onAck: (listener) => void listeners.push(listener),
      go: () => send(child, { type: 'go' }),
      answer: answer.promise,
      gone: gone.promise,
      async kill() {
        child.kill('SIGKILL')
        await gone.promise
      },
    },
  }
}

function send(child: ChildProcess, message: ParentMessage): void {
  child.send(message, () => {}) // a process that is gone already reports itself by `close`
}
