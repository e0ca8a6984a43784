import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { isStorageError } from '../errors/index.ts'
import {
  CHANNELS,
  type CallMessage,
  type CommitMessage,
  type Draft,
  type Fallible,
  type Message,
  type WaitMessage,
} from './messages.ts'

export const calls: Channel<CallMessage> = tracingChannel(CHANNELS.call)
export const commits: Channel<CommitMessage> = tracingChannel(CHANNELS.commit)
export const waits: Channel<WaitMessage> = tracingChannel(CHANNELS.wait)

type Channel<M extends Message> = TracingChannel<unknown, M>

/** Runs `act`, by which it begins, in the context that those who listen give it. */
export function begin<M extends Message, T>(channel: Channel<M>, message: M, act: () => T): T {
  return channel.start.runStores(message, () => {
    try {
      return act()
    } finally {
      channel.end.publish(message)
    }
  })
}

/** It is over. */
export function end<M extends Message>(channel: Channel<M>, message: Draft<M>, elapsedMs: number): void {
  message.elapsedMs = elapsedMs
  channel.asyncStart.publish(message)
  channel.asyncEnd.publish(message)
}

/** It is over, because it failed with `error`. */
export function fail<M extends Fallible>(
  channel: Channel<M>,
  message: Draft<M>,
  elapsedMs: number,
  error: unknown,
): void {
  const isOurs = isStorageError(error)
  message.code = isOurs ? error.code : 'OTHER'
  message.outcome = isOurs ? error.outcome : null
  message.elapsedMs = elapsedMs
  channel.error.publish(message)
  end(channel, message, elapsedMs)
}
