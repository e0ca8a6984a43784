import { isStorageError } from '../errors/index.ts'

/**
 * Lets an error's stack begin at the caller's line, where its own begins inside this package or the driver, often on
 * another's turn. To be called where a public method fails: `method` is that method if it is still running, else null,
 * and the stack is that of who awaits it. Costs nothing unless something fails. Errors that have to be reported keep
 * theirs.
 */
export function leadToCaller(error: unknown, method: Function | null): void {
  if (!isStorageError(error) || error.code === 'STORAGE_INTERNAL') return
  const here: { stack?: string } = {}
  Error.captureStackTrace(here, method ?? leadToCaller)
  const [, ...all] = here.stack?.split('\n') ?? []
  // later, the first is who called this, the next may be Node's queue, and then come those who await it
  const frames = method === null ? all.slice(1).filter((line) => !line.includes('node:internal/')) : all
  if (frames.length > 0) error.stack = `${error.name}: ${error.message}\n${frames.join('\n')}`
}
