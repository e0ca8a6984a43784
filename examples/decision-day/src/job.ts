import { findBackend } from './backends.ts'
import type { Desk } from './desk.ts'
import { lookIntoTrace } from './execution.ts'
import { separateSteps } from './unsafe.ts'
import { atomicVerbs } from './verbs.ts'

/** What all processes of one run know. */
export interface Job {
  readonly backend: string
  /** Where the store is. */
  readonly store: string
  readonly trace: string
  readonly days: number
  readonly unsafe: boolean
}

export interface DeskOptions {
  /** Whether unfinished effects of dead processes are settled here: only where it is known that they are dead. */
  readonly settle: boolean
  readonly onEffect?: () => Promise<void>
}

/** Opens the store for one process and makes its desk. */
export async function openDesk(job: Job, { settle, onEffect }: DeskOptions): Promise<Desk> {
  const backend = findBackend(job.backend)
  if (backend === undefined) throw new Error(`There is no backend "${job.backend}".`)
  const storage = await backend.open(job.store)
  await storage.init()
  const look = settle ? (key: string) => lookIntoTrace(job.trace, key) : undefined
  const verbs = job.unsafe ? separateSteps(storage) : atomicVerbs(storage, look)
  const desk = { storage, verbs, trace: job.trace }
  return onEffect === undefined ? desk : { ...desk, onEffect }
}
