import type { Command } from '../command.ts'
import { doctor } from './doctor.ts'

/** In the order in which help shows them. */
export const COMMANDS: readonly Command[] = [doctor] as readonly Command[]
