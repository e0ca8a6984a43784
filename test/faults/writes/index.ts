import { claims } from './claims.ts'
import { logs } from './logs.ts'
import { registers } from './registers.ts'
import type { Write } from './write.ts'

export type { Write } from './write.ts'

/** Every write method of the nine protocols. */
export const WRITES: readonly Write[] = [...registers, ...logs, ...claims]
