import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import type { CallMessage, CommitMessage, WaitMessage } from '../src/index.ts'
import { CHANNELS } from '../src/index.ts'

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

interface Messages {
  readonly call: CallMessage
  readonly commit: CommitMessage
  readonly wait: WaitMessage
}

export interface Heard<Message> {
  readonly event: (typeof EVENTS)[number]
  /** As it was then. */
  readonly message: Message
  /** The object itself. */
  readonly same: Message
}

/** Everything that is told on one channel while `act` runs. */
export async function heard<C extends keyof Messages>(
  name: C,
  act: () => Promise<unknown>,
): Promise<readonly Heard<Messages[C]>[]> {
  const channel: TracingChannel = tracingChannel(CHANNELS[name])
  const all: Heard<Messages[C]>[] = []
  const subscribers = EVENTS.map((event) => ({
    of: channel[event],
    hear: (message: unknown) => {
      const same = message as Messages[C]
      all.push({ event, message: structuredClone(same), same })
    },
  }))
  for (const { of, hear } of subscribers) of.subscribe(hear)
  try {
    await act()
  } finally {
    for (const { of, hear } of subscribers) of.unsubscribe(hear)
  }
  return all
}

/** What the calls that `act` makes were when they were over. */
export async function callsOf(act: () => Promise<unknown>): Promise<readonly CallMessage[]> {
  const all = await heard('call', act)
  return all.filter(({ event }) => event === 'asyncEnd').map(({ message }) => message)
}
