import { protocol } from './protocol.ts'
import {
  type EscalationRequest,
  type PendingRequest,
  type PendingRow,
  type RequestExport,
  type RequestFilter,
  type RequestPageFilter,
  type RequestRow,
  type Resolution,
  STATUS,
  type StoredRequest,
  listed,
  toPending,
  toStored,
} from './escalation-requests.ts'
import { type Budget, type BudgetAnswer, type BudgetTokenExport, TOKEN } from './budget.ts'
import { canonicalTime } from './record-rules.ts'
import type { Page } from './protocol.ts'
import type { FlowPruning, PagePruning } from './pruning.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions, members } from '../rules/fields.ts'
import { checkSize, count, durationMicros, id, instant, jsonText, nullable, text } from '../rules/validate.ts'

/** Which decisions went to a human, within which budget, and what the human said. Source: `EscalationStorage`. */
export interface EscalationStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** How many tokens the agent has at or after `since`. */
  getWindowCount(agentId: string, since: string): Promise<number>
  /** Adds a token, checking nothing. To stay within a budget: `tryConsumeBudget`. */
  recordBudgetToken(agentId: string): Promise<void>
  /**
   * Opens a request (PENDING). The same dfid again replaces and re-opens it, with a later `createdAt`; nothing is left of
   * a decision on the old one.
   */
  insertRequest(request: EscalationRequest): Promise<void>
  /**
   * Records the human's decision if the request is pending (and, with `createdAt`, still the one of that time), and with
   * `resolvedBy` who decided: an id. A null proposal keeps the stored one. The first decision stands.
   * @returns false, and changes nothing, for an unknown or already resolved request; in a batch, a condition.
   */
  resolveRequest(
    dfid: string,
    resolvedAt: string,
    decision: string,
    proposalJson: string | null,
    options?: { readonly createdAt?: string; readonly resolvedBy?: string },
  ): Promise<boolean>
  /**
   * The request as it is stored, with what was decided; null for an unknown flow.
   * @throws StoredDataError where something of it cannot be read.
   */
  getRequest(dfid: string): Promise<StoredRequest | null>
  /**
   * Goes through the requests in the order of insertion, oldest first, page by page, up to what is there when it gets there.
   * Each is as it was when its page was read; one that is re-opened counts as new, and so comes again if it came before.
   * One of which something cannot be read is there with its `error`.
   */
  listRequests(filter?: RequestFilter): AsyncIterable<StoredRequest>
  /** The pending requests in the order of insertion, oldest first; a re-opened one counts as new. */
  getPendingRequests(): Promise<PendingRequest[]>
  /** Counts the agent's tokens in the window and adds one if there is room, in one step: never more than `limit` grants in any window. */
  tryConsumeBudget(agentId: string, budget: Budget): Promise<BudgetAnswer>
  /** `tryConsumeBudget` and, if granted, `insertRequest`, in one step; a refused request is not inserted. */
  requestWithinBudget(request: EscalationRequest, budget: Budget): Promise<BudgetAnswer>
}

/** What an adapter reads. */
export interface EscalationReads {
  getWindowCount(agentId: string, since: Instant): number
  getPendingRequests(): PendingRow[]
  getRequest(dfid: string): RequestRow | null
  /**
   * Those that `filter` takes of some 500 requests after `cursor` (null: from the start) in the order of insertion. Looks at
   * no more of them at once, so that a page may be empty and not the last.
   */
  requestsPage(filter: RequestPageFilter, cursor: string | null): Page<RequestRow>
}

/**
 * What an adapter judges and writes. Tokens are stamped by the backend's clock. `pruneFlow` asks whether the flow has no
 * request that is pending or was resolved at or after `before`, and removes its request. `prunePage` removes tokens.
 */
export interface EscalationWrites extends FlowPruning, PagePruning {
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
          ...checkedOptions(given, { createdAt: instant, resolvedBy: id }),
        }
        return run.write('resolveRequest', [resolution.dfid], resolution)
      },
      async getRequest(dfid) {
        const row = await run.read('getRequest', [id('dfid', dfid)], dfid)
        return row === null ? null : toStored(row, run.numbers)
      },
      listRequests: (given) =>
        listed(given, run.numbers, (filter, cursor) => run.readAll('requestsPage', [], filter, cursor)),
      getPendingRequests: async () =>
        (await run.readAll('getPendingRequests', [])).map((row) => toPending(row, run.numbers)),
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
  iterables: ['listRequests'],
  batch: ['recordBudgetToken', 'insertRequest', 'resolveRequest'],
  hasInitSchema: true,
  prunes: { flow: 'nothing', page: 'tokens' },
  capabilities: { budget: 'tryConsumeBudget' },
  records: {
    budgetToken: TOKEN,
    request: {
      ...REQUEST,
      status: STATUS,
      createdAt: canonicalTime,
      resolvedAt: [canonicalTime],
      decision: [text],
      resolvedBy: { optional: id },
    },
  },
  sortedBy: { budgetToken: ['agentId', 'createdAt'] },
  contradiction(record) {
    if (record.type !== 'request') return null
    const isPending = record.status === 'PENDING'
    if (isPending !== (record.resolvedAt === null)) return 'status and resolvedAt contradict each other'
    return isPending && record.resolvedBy !== undefined ? 'status and resolvedBy contradict each other' : null
  },
})
