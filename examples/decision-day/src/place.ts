import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ServerName } from '../../../scripts/servers/index.ts'
import { VARIABLES, provide } from '../../../scripts/servers/provide.ts'
import { stopAll } from '../../../scripts/servers/together.ts'
import type { Backend, Place } from './backends.ts'

/**
 * Runs `use` with a place for its store: the one that is called `kept`, or else a fresh one that is gone afterwards, as
 * are the servers that had to be started for it.
 */
export async function withPlace<T>(
  backend: Backend,
  kept: string | null,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  const stop = await provideServers(backend.servers)
  try {
    if (kept !== null) return await use({ file: path.resolve(kept), namespace: path.basename(kept) })
    return await withFreshPlace(backend, use)
  } finally {
    await stop()
  }
}

async function withFreshPlace<T>(backend: Backend, use: (place: Place) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-'))
  const place = {
    file: path.join(folder, 'store'),
    namespace: `decision_day_${randomBytes(6).toString('hex')}`,
  }
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true })
    await backend.drop(place)
  }
  const result = await use(place).catch(async (error: unknown) => {
    await remove().catch(() => {}) // what went wrong first says more
    throw error
  })
  await remove()
  return result
}

/** Sees to it that the environment says where each server is, also to the worker processes. @returns what ends ours. */
async function provideServers(names: readonly ServerName[]): Promise<() => Promise<void>> {
  const starts = await Promise.allSettled(
    names.map(async (name) => {
      const server = await provide(name)
      process.env[VARIABLES[name]] = server.url
      return server
    }),
  )
  const servers = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = starts.find((one) => one.status === 'rejected')
  if (failed === undefined) return () => stopAll(servers)
  await stopAll(servers)
  throw failed.reason
}
