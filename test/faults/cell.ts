import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import type { Clock } from './clock.ts'
import type { Course } from './judge.ts'
import { type Told, hear } from './told.ts'
import { type Deed, type Expected, plain } from './twins.ts'

/** Where writes are made. */
export interface Scene {
  /** A handle whose packets nobody touches. */
  readonly calm: StorageHandle
  /** The handle that is tried. */
  readonly tried: StorageHandle
  readonly deadlineMs: number
  readonly clock: Clock
}

const TRIES = 20
const PAUSE_MS = 50
const READS_BESIDE = 3

/** A read of a handle that nobody disturbs, though its server may be gone for a while. */
export async function surely<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read()
    } catch (error) {
      if (tries === TRIES) throw error
      await sleep(PAUSE_MS * tries)
    }
  }
}

/** Makes a later write until it is not refused: nothing was applied then, and it may be made again. */
async function insist(act: () => Promise<Told>): Promise<Told> {
  for (let tries = 1; ; tries++) {
    const told = await act()
    if (told.outcome !== 'not-applied' || told.isLate || tries === TRIES) return told
    await sleep(PAUSE_MS * tries)
  }
}

/**
 * Does a deed to a record of its own while faults happen, then writes to the same record again, and looks.
 * `settle` lets go of what is held back once the writes have ended, and resolves when all of it has arrived.
 */
export async function carryOut(
  { calm, tried, deadlineMs, clock }: Scene,
  { deed, id, expected }: { readonly deed: Deed; readonly id: string; readonly expected: Expected },
  faults: { begin(): void; settle(): Promise<void> },
): Promise<Omit<Course, 'last'>> {
  const { write } = deed
  const prepared = await write.prepare?.(calm, id)
  faults.begin()
  const told = await hear(
    clock,
    deadlineMs * (write.steps ?? 1),
    () => deed.act(tried, id, prepared),
    (answer) => write.denied !== undefined && answer === write.denied,
  )
  const isAnswered = told.outcome === 'applied' && told.error === undefined
  const first = await lookTwice(calm, deed, id, expected)
  const agrees =
    !isAnswered ||
    write.agrees === undefined ||
    (await surely(async () => write.agrees?.(told.answer, calm, id))) === true
  let later: Told | null = null
  if (told.outcome !== 'not-applied')
    later = await insist(async () => {
      // what the driver keeps from one call for the next goes to these, and the write does without
      for (let reads = 0; reads < READS_BESIDE; reads++)
        tried.intentRetry.getCount(`beside ${reads}`).catch(() => {})
      await new Promise(setImmediate)
      return hear(clock, deadlineMs, () => write.later(tried, id))
    })
  await faults.settle()
  const second = await seen(calm, deed, id, later)
  return {
    expected,
    told,
    answer: isAnswered ? deed.told(told.answer, id) : '',
    agrees,
    first,
    later,
    second,
  }
}

/** What is there, after the later write's answer if there was one. */
export async function seen(calm: StorageHandle, deed: Deed, id: string, later: Told | null): Promise<string> {
  const there = await surely(() => deed.look(calm, id))
  return later === null ? there : `${plain(later.answer, id)} ${there}`
}

/** A look is several reads, and a commit may come in between: what is neither here nor there is looked at again. */
async function lookTwice(calm: StorageHandle, deed: Deed, id: string, expected: Expected): Promise<string> {
  const look = (): Promise<string> => surely(() => deed.look(calm, id))
  const first = await look()
  return first === expected.before || first === expected.applied ? first : look()
}
