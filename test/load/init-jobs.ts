// What the processes of `init` do.
import type { With } from '@dir/storage-conformance'

export const FLOW = 'everybody'

/** Initialises, at once with others, then writes and reads what it wrote. @returns whether it found its own write. */
export async function initialise({ storage, index }: With<object>): Promise<boolean> {
  await storage.init()
  const seq = await storage.decisionAudit.record(FLOW, `E${index}`)
  const count = await storage.intentRetry.increment(FLOW)
  const events = await storage.decisionAudit.eventsForDfid(FLOW)
  return count > 0 && events.some((event) => event.seq === seq && event.event === `E${index}`)
}

/** How many writes of the round are there. */
export async function countWrites({ storage }: With<object>): Promise<number[]> {
  const events = await storage.decisionAudit.eventsForDfid(FLOW)
  return [await storage.intentRetry.getCount(FLOW), new Set(events.map(({ event }) => event)).size]
}
