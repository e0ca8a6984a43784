import { type Channel, tracingChannel } from 'node:diagnostics_channel'
import { CHANNELS } from '@dir/storage-core'
import { type Comparison, inTurn, rate } from './compare.ts'
import type { Act } from './workloads.ts'

const MILLISECONDS = 400

const channels = Object.values(CHANNELS).flatMap((name): Channel[] => {
  const { start, end, asyncStart, asyncEnd, error } = tracingChannel(name)
  return [start, end, asyncStart, asyncEnd, error]
})

/** Somebody who listens to everything, and does nothing with it. */
const listener = (): void => {}

async function whileListening(act: () => Promise<number>): Promise<number> {
  for (const channel of channels) channel.subscribe(listener)
  try {
    return await act()
  } finally {
    for (const channel of channels) channel.unsubscribe(listener)
  }
}

/** The same calls while nobody listens and while somebody does. */
export function compareListening(act: Act, callers: number, rounds: number): Promise<Comparison> {
  const measure = (): Promise<number> => rate(act, callers, MILLISECONDS)
  return inTurn(measure, () => whileListening(measure), rounds)
}
