import { statfsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { NoServerError, SERVER_NAMES, type ServerName } from './index.ts'
import { givenUrl, prepare, provide, VARIABLES } from './provide.ts'
import { stopAll } from './together.ts'

/** What tests know of a server: its URL, and why tests that need it, or one of their own to kill, cannot run. */
export interface LiveServer {
  readonly url: string
  readonly missing: string | null
  readonly ownMissing: string | null
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: Readonly<Record<ServerName, LiveServer>>
  }
}

/**
 * Starts each server once for all live tests. Tests and their child processes find the URLs in the environment. A
 * server that is not to be had is reported, and skips its tests; with STORAGE_REQUIRE=all it fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: { stop(): Promise<void> }[] = []
  const look = async (name: ServerName): Promise<LiveServer> => {
    const ownMissing = await complaint(() => prepare(name))
    if (ownMissing !== null && givenUrl(name) === undefined)
      return { url: '', missing: ownMissing, ownMissing }
    const server = await provide(name, { folder: inMemory() })
    stops.push(server)
    process.env[VARIABLES[name]] = server.url
    return { url: server.url, missing: null, ownMissing }
  }
  const looks = await Promise.allSettled(SERVER_NAMES.map(async (name) => [name, await look(name)] as const))
  const failures = looks.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failures.length > 0) {
    await stopAll(stops)
    throw failures.every((one) => one instanceof NoServerError)
      ? new Error(
          `STORAGE_REQUIRE=all asks for servers that are not to be had.\n${failures.map(({ message }) => message).join('\n')}`,
        )
      : failures[0]
  }
  const found = looks.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  project.provide('servers', Object.fromEntries(found) as Record<ServerName, LiveServer>)
  return () => stopAll(stops)
}

const MUCH_BYTES = 4 * 1024 ** 3

/**
 * For the servers that no test kills: memory in the place of a disk, where the system has enough of it. What they
 * promise is the same while they run, and many tests at once do not wait for one disk.
 */
export function inMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > MUCH_BYTES ? '/dev/shm' : undefined
  } catch {
    return undefined
  }
}

/** What there is to say when there is no server; anything else that goes wrong is a failure. */
async function complaint(work: () => Promise<void>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (!(error instanceof NoServerError) || process.env['STORAGE_REQUIRE'] === 'all') throw error
    console.error(`\nTESTS ARE SKIPPED. ${error.message}\n`)
    return error.message
  }
}
