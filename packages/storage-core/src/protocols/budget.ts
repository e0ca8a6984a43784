import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import type { RecordRules } from '../rules/fields.ts'
import { id } from '../rules/validate.ts'

export interface Budget {
  /** How many grants one window may hold; 0 never grants. */
  readonly limit: number
  /** The window's length: tokens of the last so many seconds count. */
  readonly windowSec: number
}

export interface BudgetAnswer {
  readonly granted: boolean
  /** The agent's tokens in the window, of every origin, the one just granted included. */
  readonly used: number
}

export interface BudgetTokenExport extends Exported {
  readonly type: 'budgetToken'
  readonly agentId: string
  readonly createdAt: Instant
}

/** Of an exported token; those of one agent and moment are alike. */
export const TOKEN = { agentId: id, createdAt: canonicalTime } satisfies RecordRules<BudgetTokenExport>
