import { claims } from './claims.ts'
import { logs } from './logs.ts'
import { prunes } from './prune.ts'
import { registers } from './registers.ts'
import type { Write } from './write.ts'

export type { Write } from './write.ts'

/** Every write method of the nine protocols, and `prune`. */
export const WRITES: readonly Write[] = [...registers, ...logs, ...claims, ...prunes]
