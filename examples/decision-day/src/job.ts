import { type Place, backendOf } from './backends.ts'
import type { Desk } from './desk.ts'
import { lookIntoTrace } from './execution.ts'
import { separateSteps } from './unsafe.ts'
import { atomicVerbs } from './verbs.ts'
import { watchWrites } from './watch-writes.ts'

/** What all processes of one run know. */
export interface Job {
  readonly backend: string
  readonly place: Place
  readonly trace: string
  readonly days: number
  readonly unsafe: boolean
}

/** Where a process can be killed. */
export interface Hooks {
  /** After an effect, before it is noted as done. */
  readonly onEffect?: () => Promise<void>
  readonly beforeWrite?: () => Promise<void>
}

/** Opens the store for one process and makes its desk. */
export async function openDesk(job: Job, { onEffect, beforeWrite }: Hooks = {}): Promise<Desk> {
  const opened = await backendOf(job.backend).open(job.place)
  try {
    await opened.init()
  } catch (error) {
    await opened.close()
    throw error
  }
  const storage = beforeWrite === undefined ? opened : watchWrites(opened, beforeWrite)
  const verbs = job.unsafe ? separateSteps(storage) : atomicVerbs(storage)
  const desk = { storage, verbs, trace: job.trace }
  return onEffect === undefined ? desk : { ...desk, onEffect }
}

/** The desk of a process that knows all others to be dead: it settles what became of the effects they had begun. */
export function settlingDesk(job: Job, desk: Desk): Desk {
  if (job.unsafe) return desk
  return { ...desk, verbs: atomicVerbs(desk.storage, (key) => lookIntoTrace(job.trace, key)) }
}
