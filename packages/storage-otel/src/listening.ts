import { AsyncLocalStorage } from 'node:async_hooks'
import { type Channel, tracingChannel } from 'node:diagnostics_channel'
import type { CHANNELS } from '@dir/storage-core'
import { type Context, context } from '@opentelemetry/api'

/** To a channel, a store is what lets a function run in a context; that context OpenTelemetry keeps itself. */
class ActiveContext extends AsyncLocalStorage<Context> {
  /** How channels do it since Node 26. Before 1.10, OpenTelemetry has no way to, and the context stays the caller's. */
  withScope(active: Context): Disposable {
    const token = 'attach' in context ? context.attach(active) : null
    return { [Symbol.dispose]: () => token?.dispose() }
  }

  /** How they did before. */
  override run<R, A extends unknown[]>(active: Context, act: (...args: A) => R, ...args: A): R {
    return context.with(active, act, undefined, ...args)
  }
}

type ChannelName = (typeof CHANNELS)[keyof typeof CHANNELS]

export type Stop = () => void

/** What begins on a channel runs in the context that `begin` makes of its message, until that is stopped. */
export function activate<Message>(name: ChannelName, begin: (message: Message) => Context): Stop {
  const { start } = tracingChannel<Context, object>(name)
  const store = new ActiveContext()
  start.bindStore(store, (message) => begin(message as Message))
  return () => void start.unbindStore(store)
}

/** `hear` gets what is over on a channel, until that is stopped. */
export function whenOver<Message>(name: ChannelName, hear: (message: Message) => void): Stop {
  const { asyncEnd }: { readonly asyncEnd: Channel } = tracingChannel(name)
  const listener = (message: unknown): void => hear(message as Message)
  asyncEnd.subscribe(listener)
  return () => asyncEnd.unsubscribe(listener)
}
