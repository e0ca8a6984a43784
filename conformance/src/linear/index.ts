import { claim } from './claim.ts'
import { decision } from './decision.ts'
import { lock } from './lock.ts'
import { REGISTERS } from './registers.ts'
import type { Subject } from './subject.ts'

/** What several clients use at once in the linearizability scenarios. */
export const SUBJECTS: readonly Subject[] = [lock, claim, decision, ...REGISTERS]
