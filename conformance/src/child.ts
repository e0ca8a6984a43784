import type { Job, JobContext, ProcessOptions } from './processes.ts'
import { FORCED_EXIT } from './child-exit.ts'
import { loadBackend } from './load.ts'
import { LIMIT_MS, within } from './limits.ts'
import { messageOf } from './message.ts'
import { openBackend } from './open.ts'
import { randomStream } from './random.ts'
import { createWatch } from './watch.ts'

// The program of a child process: runs one job of a scenario, see `processes.ts`.

export type ParentMessage =
  | ({ readonly type: 'job'; readonly job: Job; readonly index: number } & Omit<ProcessOptions, 'timeoutMs'>)
  | { readonly type: 'go' }

export type ChildMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'ack'; readonly value: unknown }
  | { readonly type: 'answer'; readonly value: unknown }
  | { readonly type: 'error'; readonly text: string }

/** Settles when the message is on its way: what is still to be written is lost when the channel is closed. */
function tell(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, () => resolve())
  })
}

async function run({
  backend: url,
  namespace,
  seed,
  scenario,
  job,
  index,
}: ParentMessage & { type: 'job' }): Promise<void> {
  const backend = await loadBackend(url)
  const module = (await import(job.module)) as Record<string, (context: JobContext) => Promise<unknown>>
  const act = module[job.run]
  if (typeof act !== 'function') throw new Error(`${job.module} exports no function ${job.run}`)
  const watch = createWatch(LIMIT_MS.method, backend.operationTimeoutMs)
  const open = async () =>
    watch.handle(await within('open()', LIMIT_MS.open, () => openBackend(backend, namespace)))
  const early = job.init === false ? undefined : await open()
  await early?.init()
  const go = new Promise<void>((resolve) => {
    process.on('message', (message: ParentMessage) => message.type === 'go' && resolve())
  })
  await tell({ type: 'ready' })
  await go
  const storage = early ?? (await open())
  const working = act({
    storage,
    namespace,
    args: job.args ?? {},
    index,
    ack: (told) => void tell({ type: 'ack', value: told }),
    random: randomStream(seed, `${scenario}#${index}`),
  })
  const value = await Promise.race([working, watch.overdue])
  await Promise.race([storage.close(), watch.overdue])
  watch.end()
  await tell({ type: 'answer', value })
}

process.once('message', (message: ParentMessage & { type: 'job' }) => {
  run(message)
    .catch((error: unknown) => tell({ type: 'error', text: messageOf(error) }))
    .finally(() => {
      // Exits by itself from here, unless the backend left something open.
      if (process.connected) process.disconnect()
    })
})
// Without its parent it has nothing to do; the delay is for a backend that still closes.
process.once('disconnect', () => setTimeout(() => process.exit(FORCED_EXIT), 10_000).unref())
