import { type Channel, tracingChannel } from 'node:diagnostics_channel'
import { CHANNELS } from '@dir/storage-core'
import { median, rate } from './compare.ts'
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

/** The same calls while nobody listens and while somebody does, in turn; the ratio is the median of the rounds'. */
export async function compareListening(
  act: Act,
  callers: number,
  rounds: number,
): Promise<{ readonly silent: number; readonly heard: number; readonly ratio: number }> {
  const measure = (): Promise<number> => rate(act, callers, MILLISECONDS)
  await measure()
  await whileListening(measure)
  const pairs: { readonly silent: number; readonly heard: number }[] = []
  for (let round = 0; round < rounds; round++)
    pairs.push({ silent: await measure(), heard: await whileListening(measure) })
  return {
    silent: median(pairs.map(({ silent }) => silent)),
    heard: median(pairs.map(({ heard }) => heard)),
    ratio: median(pairs.map(({ silent, heard }) => heard / silent)),
  }
}
