import type { Backend } from './backend.ts'

/** Where scenarios run. */
export interface Site {
  readonly backend: Backend
  /** The URL of the backend's module; null: it was given as an object, so no child process can load it. */
  readonly module: string | null
  readonly seed: number
  /** The namespace of the scenarios that need no empty one: they are one another's decoys. */
  readonly sharedNamespace: string
  /** Instead of the level's own. */
  readonly timeoutMs?: number
}
