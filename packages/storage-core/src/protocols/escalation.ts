import { protocol } from './protocol.ts'
import type { StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import { parseListed } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions, members, oneOf } from '../rules/fields.ts'
import { checkSize, count, durationMicros, id, instant, jsonText, nullable, text } from '../rules/validate.ts'

/** `contextJson` and `proposalJson` are JSON text. */
export interface EscalationRequest {
  readonly dfid: string
  readonly agentId: string
  readonly reason: string
  readonly contextJson: string
  readonly proposalJson: string
  readonly impact: string
}

export interface PendingRequest extends Omit<EscalationRequest, 'contextJson' | 'proposalJson'> {
  /** The parsed context. */
  readonly context: unknown
  /** The parsed proposal. */
  readonly proposal: unknown
  readonly createdAt: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

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

/** Which decisions went to a human, within which budget, and what the human said. Source: `EscalationStorage`. */
export interface EscalationStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** How many tokens the agent has at or after `since`. */
  getWindowCount(agentId: string, since: string): Promise<number>
  /** Adds a token, checking nothing. To stay within a budget: `tryConsumeBudget`. */
  recordBudgetToken(agentId: string): Promise<void>
  /** Opens a request (PENDING). The same dfid again replaces and re-opens it, with no decision and a later `createdAt`. */
  insertRequest(request: EscalationRequest): Promise<void>
  /**
   * Records the human's decision if the request is pending (and, with `createdAt`, still the one of that time).
   * A null proposal keeps the stored one. The first decision stands.
   * @returns false, and changes nothing, for an unknown or already resolved request; in a batch, a condition.
   */
  resolveRequest(
    dfid: string,
    resolvedAt: string,
    decision: string,
    proposalJson: string | null,
    options?: { readonly createdAt?: string },
  ): Promise<boolean>
  /** The pending requests in the order of insertion, oldest first; a re-opened one counts as new. */
  getPendingRequests(): Promise<PendingRequest[]>
  /** Counts the agent's tokens in the window and adds one if there is room, in one step: never more than `limit` grants in any window. */
  tryConsumeBudget(agentId: string, budget: Budget): Promise<BudgetAnswer>
  /** `tryConsumeBudget` and, if granted, `insertRequest`, in one step; a refused request is not inserted. */
  requestWithinBudget(request: EscalationRequest, budget: Budget): Promise<BudgetAnswer>
}

export interface PendingRow extends Omit<PendingRequest, 'context' | 'proposal'> {
  readonly contextJson: string | null
  readonly proposalJson: string | null
}

export interface Resolution {
  readonly dfid: string
  readonly resolvedAt: Instant
  readonly decision: string
  readonly proposalJson: string | null
  readonly createdAt: Instant | null
}

/** What an adapter reads. */
export interface EscalationReads {
  getWindowCount(agentId: string, since: Instant): number
  getPendingRequests(): PendingRow[]
}

/** What an adapter judges and writes. Tokens are stamped by the backend's clock; none is ever removed. */
export interface EscalationWrites {
  recordBudgetToken(agentId: string): void
  insertRequest(request: EscalationRequest): void
  resolveRequest(resolution: Resolution): boolean
  /** Counts tokens at or after now − `windowMicros`; below `limit` it adds one, and inserts `request` if there is one. */
  consumeBudget(
    agentId: string,
    limit: number,
    windowMicros: number,
    request: EscalationRequest | null,
  ): BudgetAnswer
}

export interface BudgetTokenExport extends Exported {
  readonly type: 'budgetToken'
  readonly agentId: string
  readonly createdAt: Instant
}

/** In the order of insertion. */
export interface RequestExport extends Exported, EscalationRequest {
  readonly type: 'request'
  readonly status: 'PENDING' | 'RESOLVED'
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
}

export type EscalationExport = BudgetTokenExport | RequestExport

const REQUEST = {
  dfid: id,
  agentId: id,
  reason: text,
  contextJson: jsonText,
  proposalJson: jsonText,
  impact: text,
}

export const escalation = protocol<EscalationStorage, EscalationReads, EscalationWrites, EscalationExport>()({
  methods: (run) => {
    const checkRequest = (request: unknown): EscalationRequest => {
      const checked = members('request', request, REQUEST, run.maxValueBytes)
      checkSize('proposalJson', run.maxValueBytes, checked.contextJson, checked.proposalJson)
      return checked
    }
    const checkBudget = (budget: unknown): readonly [number, number] => {
      const { limit, windowSec } = members('budget', budget, { limit: count, windowSec: durationMicros })
      return [limit, windowSec]
    }

    return {
      getWindowCount: (agentId, since) =>
        run.read('getWindowCount', [id('agentId', agentId)], agentId, instant('since', since)),
      recordBudgetToken: (agentId) => run.write('recordBudgetToken', [id('agentId', agentId)], agentId),
      insertRequest(request) {
        const checked = checkRequest(request)
        return run.write('insertRequest', [checked.dfid], checked)
      },
      resolveRequest(dfid, resolvedAt, decision, proposalJson, given) {
        const resolution: Resolution = {
          dfid: id('dfid', dfid),
          resolvedAt: instant('resolvedAt', resolvedAt),
          decision: text('decision', decision),
          proposalJson: nullable(jsonText, 'proposalJson', proposalJson, run.maxValueBytes),
          createdAt: checkedOptions(given, { createdAt: instant }).createdAt,
        }
        return run.write('resolveRequest', [resolution.dfid], resolution)
      },
      getPendingRequests: async () => (await run.readAll('getPendingRequests', [])).map(toPending),
      tryConsumeBudget(agentId, budget) {
        run.needs('budget')
        const agent = id('agentId', agentId)
        return run.write('consumeBudget', [agent], agent, ...checkBudget(budget), null)
      },
      requestWithinBudget(request, budget) {
        run.needs('budget')
        const checked = checkRequest(request)
        const { agentId, dfid } = checked
        return run.write('consumeBudget', [agentId, dfid], agentId, ...checkBudget(budget), checked)
      },
    }
  },
  batch: ['recordBudgetToken', 'insertRequest', 'resolveRequest'],
  hasInitSchema: true,
  capabilities: { budget: 'tryConsumeBudget' },
  records: {
    budgetToken: { agentId: id, createdAt: canonicalTime },
    request: {
      ...REQUEST,
      status: oneOf('PENDING', 'RESOLVED'),
      createdAt: canonicalTime,
      resolvedAt: [canonicalTime],
      decision: [text],
    },
  },
  contradiction: (record) =>
    record.type !== 'request' || (record.status === 'PENDING') === (record.resolvedAt === null)
      ? null
      : 'status and resolvedAt contradict each other',
})

function toPending({ contextJson, proposalJson, error, ...row }: PendingRow): PendingRequest {
  const parsedContext = parseListed('escalation_requests', 'context_json', contextJson)
  const parsedProposal = parseListed('escalation_requests', 'proposal_json', proposalJson)
  const trouble = error ?? parsedContext.error ?? parsedProposal.error
  const request = { ...row, context: parsedContext.value, proposal: parsedProposal.value }
  return trouble === undefined ? request : { ...request, error: trouble }
}
