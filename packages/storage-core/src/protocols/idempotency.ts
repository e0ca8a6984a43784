import { randomUUID } from 'node:crypto'
import {
  type Claim,
  type ClaimOptions,
  type ClaimPageFilter,
  type ClaimRow,
  type JsonObject,
  type UnfinishedClaim,
  type UnfinishedFilter,
  listed,
} from './claims.ts'
import { type Page, protocol } from './protocol.ts'
import type { FlowPruning, PagePruning } from './pruning.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import { type Numbers, parseStored } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { jsonObject } from '../rules/objects.ts'
import { options } from '../rules/options.ts'
import { durationMicros, id, jsonText, optional, text, token as checkToken } from '../rules/validate.ts'

/** Which effects already happened, by key (`idempotencyKey`). Source: `IdempotencyStorage`. */
export interface IdempotencyStorage {
  /** The stored result, or null; null too while the key is only claimed. */
  get(key: string): Promise<JsonObject | null>
  /** The text of that, as it is stored, also where it cannot be parsed; or null. */
  getResultJson(key: string): Promise<string | null>
  /** Stores a result over any other, and voids a claim; the last writer wins. */
  set(key: string, result: JsonObject): Promise<void>
  /** Stores a result only if there is none, and voids a claim. @returns whether it did, and the result that stands, with its text. */
  setIfAbsent(
    key: string,
    result: JsonObject,
  ): Promise<{ readonly stored: boolean; readonly result: JsonObject; readonly resultJson: string }>
  /** Claims the right to run the effect, in one step: of any number of racers at most one is told `started`. */
  claim(key: string, options: ClaimOptions): Promise<Claim>
  /**
   * Moves the end of a claim's lease to `leaseSec` from now, later or earlier; when it was claimed stays as it was. One that
   * ran out may be renewed as long as nobody has ended it: it was ambiguous meanwhile, and is in flight again.
   * @returns false, and changes nothing, unless `token` is the current claim's, expired or not.
   */
  renewClaim(key: string, token: string, leaseSec: number): Promise<boolean>
  /** Ends a claim with its result. @returns false, and writes nothing, unless `token` is the current claim's, expired or not. */
  complete(key: string, token: string, result: JsonObject): Promise<boolean>
  /** Ends a claim with no result, so that the next one starts. @returns false unless `token` is the current claim's, expired or not. */
  abandon(key: string, token: string): Promise<boolean>
  /**
   * Goes through the claims that have no result, in the order of the times at which they were claimed (`since`), then of their
   * keys, page by page, up to what is there when it gets there. Each is as it was when its page was read. A page costs a look
   * at some 500 unfinished claims at most, however many results there are.
   */
  listClaims(filter?: UnfinishedFilter): AsyncIterable<UnfinishedClaim>
}

/** A `Claim` as an adapter answers it. */
export type ClaimAnswer =
  | { readonly state: 'started' }
  | { readonly state: 'replay'; readonly resultJson: string }
  | { readonly state: 'inFlight'; readonly until: Instant }
  | { readonly state: 'ambiguous'; readonly since: Instant; readonly token: string }
  | { readonly state: 'mismatch' }

/** What an adapter reads. */
export interface IdempotencyReads {
  get(key: string): string | null
  /**
   * Those that `filter` takes of some 500 claims without a result after `cursor` (null: from the start), by `since` and key.
   * Looks at no more of them at once, so that a page may be empty and not the last.
   */
  claimsPage(filter: ClaimPageFilter, cursor: string | null): Page<ClaimRow>
}

/**
 * What an adapter judges and writes. `pruneFlow` asks whether every claim that was made for the flow has a result, which was
 * stored before `before`, and removes these results. `prunePage` removes results that are of no flow, and no claims.
 */
export interface IdempotencyWrites extends FlowPruning, PagePruning {
  set(key: string, resultJson: string): void
  setIfAbsent(key: string, resultJson: string): { readonly stored: boolean; readonly resultJson: string }
  /** Judges in this order: mismatch, replay, in flight, ambiguous; else writes the claim under `token`. */
  claim(
    key: string,
    token: string,
    leaseMicros: number,
    requestHash: string | null,
    dfid: string | null,
    stepId: string | null,
  ): ClaimAnswer
  renewClaim(key: string, token: string, leaseMicros: number): boolean
  complete(key: string, token: string, resultJson: string): boolean
  abandon(key: string, token: string): boolean
}

/** A stored result, or (with `claimedAt`) a claim that has none; a claim arrives as ambiguous. */
export interface IdempotencyExport extends Exported {
  readonly type: 'idempotency'
  readonly key: string
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Instant | null
  readonly claimedAt: Instant | null
  /** Of a claim, and of the result that ended it; where it is known. */
  readonly dfid?: string
  readonly stepId?: string
}

const parse = (json: string, numbers: Numbers): JsonObject =>
  parseStored('idempotency_cache', 'result', json, numbers) as JsonObject

export const idempotency = protocol<
  IdempotencyStorage,
  IdempotencyReads,
  IdempotencyWrites,
  IdempotencyExport
>()({
  methods: (run) => ({
    async get(key) {
      const json = await run.read('get', [id('key', key)], key)
      return json === null ? null : parse(json, run.numbers)
    },

    getResultJson: (key) => run.read('get', [id('key', key)], key),

    set: (key, result) =>
      run.write('set', [id('key', key)], key, jsonObject('result', result, run.maxValueBytes)),

    setIfAbsent(key, result) {
      run.needs('setIfAbsent')
      const json = jsonObject('result', result, run.maxValueBytes)
      return run
        .write('setIfAbsent', [id('key', key)], key, json)
        .then((answer) => ({ ...answer, result: parse(answer.resultJson, run.numbers) }))
    },

    claim(key, given) {
      run.needs('claim')
      const about = options(given, ['leaseSec', 'requestHash', 'dfid', 'stepId'])
      const lease = durationMicros('leaseSec', about.leaseSec)
      const hash = optional(text, 'requestHash', about.requestHash)
      const work = [optional(id, 'dfid', about.dfid), optional(id, 'stepId', about.stepId)] as const
      const token = randomUUID()
      return run.write('claim', [id('key', key)], key, token, lease, hash, ...work).then((answer): Claim => {
        if (answer.state === 'started') return { state: 'started', token }
        return answer.state === 'replay'
          ? { ...answer, result: parse(answer.resultJson, run.numbers) }
          : answer
      })
    },

    renewClaim(key, token, leaseSec) {
      run.needs('claim')
      const [given, lease] = [checkToken('token', token), durationMicros('leaseSec', leaseSec)]
      return run.write('renewClaim', [id('key', key)], key, given, lease)
    },

    complete(key, token, result) {
      run.needs('claim')
      const json = jsonObject('result', result, run.maxValueBytes)
      return run.write('complete', [id('key', key)], key, checkToken('token', token), json)
    },

    abandon(key, token) {
      run.needs('claim')
      return run.write('abandon', [id('key', key)], key, checkToken('token', token))
    },

    async *listClaims(given) {
      run.needs('claim')
      yield* listed(given, (filter, cursor) => run.readAll('claimsPage', [], filter, cursor))
    },
  }),
  iterables: ['listClaims'],
  batch: ['set', 'renewClaim', 'complete', 'abandon'],
  hasInitSchema: false,
  prunes: { flow: 'results', page: 'results' },
  capabilities: { setIfAbsent: 'setIfAbsent', claim: 'claim' },
  records: {
    idempotency: {
      key: id,
      resultJson: [jsonText],
      requestHash: [text],
      createdAt: [canonicalTime],
      claimedAt: [canonicalTime],
      dfid: { optional: id },
      stepId: { optional: id },
    },
  },
  sortedBy: { idempotency: ['key'] },
  contradiction({ resultJson, claimedAt }) {
    if (resultJson !== null && claimedAt !== null) return 'resultJson and claimedAt contradict each other'
    const isNeither = resultJson === null && claimedAt === null
    return isNeither ? 'resultJson and claimedAt are both null: it is neither a result nor a claim' : null
  },
})
