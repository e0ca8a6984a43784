import { accessSync, constants, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where fetched servers are kept: the user's cache, or the project's .toolchain where there is no home. */
export function cacheFolder(): string {
  const wanted = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  try {
    return makeFolder(path.join(wanted, 'dir-storage'))
  } catch {
    return makeFolder(fileURLToPath(new URL('../../.toolchain/servers', import.meta.url)))
  }
}

function makeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  accessSync(folder, constants.W_OK)
  return folder
}

/** An executable in these folders or on the PATH. */
export function findBinary(name: string, folders: readonly string[] = []): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter)
  return [...folders, ...onPath].map((folder) => path.join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * A port of 127.0.0.1 that nobody listens on. It lies below those that systems give to outgoing connections: else a
 * client that reconnects while its server is down could be given the server's port, and keep it from coming back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
