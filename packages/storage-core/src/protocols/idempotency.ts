import { randomUUID } from 'node:crypto'
import { protocol } from './protocol.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import { parseStored } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { jsonObject } from '../rules/objects.ts'
import { options } from '../rules/options.ts'
import { durationMicros, id, jsonText, optional, text, token as checkToken } from '../rules/validate.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** What came of a claim; `state` says which. */
export type Claim =
  /** The effect is yours to run; end it by `complete` or `abandon` with this token. */
  | { readonly state: 'started'; readonly token: string }
  /** It ran already; this is its result. */
  | { readonly state: 'replay'; readonly result: JsonObject }
  /** Somebody else runs it; their lease ends then. */
  | { readonly state: 'inFlight'; readonly until: Instant }
  /** A claim made at `since` ran out unfinished. It never restarts by itself: look, then end it with this token. */
  | { readonly state: 'ambiguous'; readonly since: Instant; readonly token: string }
  /** The key is in use for another request. */
  | { readonly state: 'mismatch' }

export interface ClaimOptions {
  /** How long the effect may take before the claim counts as ambiguous. */
  readonly leaseSec: number
  /** Tells two requests under one key apart; compared only where both have one. */
  readonly requestHash?: string
}

/** Which effects already happened, by key (`idempotencyKey`). Source: `IdempotencyStorage`. */
export interface IdempotencyStorage {
  /** The stored result, or null; null too while the key is only claimed. */
  get(key: string): Promise<JsonObject | null>
  /** Stores a result over any other, and voids a claim; the last writer wins. */
  set(key: string, result: JsonObject): Promise<void>
  /** Stores a result only if there is none, and voids a claim. @returns whether it did, and the result that stands. */
  setIfAbsent(
    key: string,
    result: JsonObject,
  ): Promise<{ readonly stored: boolean; readonly result: JsonObject }>
  /** Claims the right to run the effect, in one step: of any number of racers at most one is told `started`. */
  claim(key: string, options: ClaimOptions): Promise<Claim>
  /** Ends a claim with its result. @returns false, and writes nothing, unless `token` is the current claim's, expired or not. */
  complete(key: string, token: string, result: JsonObject): Promise<boolean>
  /** Ends a claim with no result, so that the next one starts. @returns false unless `token` is the current claim's, expired or not. */
  abandon(key: string, token: string): Promise<boolean>
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
}

/** What an adapter judges and writes. */
export interface IdempotencyWrites {
  set(key: string, resultJson: string): void
  setIfAbsent(key: string, resultJson: string): { readonly stored: boolean; readonly resultJson: string }
  /** Judges in this order: mismatch, replay, in flight, ambiguous; else writes the claim under `token`. */
  claim(key: string, token: string, leaseMicros: number, requestHash: string | null): ClaimAnswer
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
}

const parse = (json: string): JsonObject => parseStored('idempotency_cache', 'result', json) as JsonObject

export const idempotency = protocol<
  IdempotencyStorage,
  IdempotencyReads,
  IdempotencyWrites,
  IdempotencyExport
>()({
  methods: (run) => ({
    async get(key) {
      const json = await run.read('get', [id('key', key)], key)
      return json === null ? null : parse(json)
    },

    set: (key, result) =>
      run.write('set', [id('key', key)], key, jsonObject('result', result, run.maxValueBytes)),

    setIfAbsent(key, result) {
      run.needs('setIfAbsent')
      const json = jsonObject('result', result, run.maxValueBytes)
      return run
        .write('setIfAbsent', [id('key', key)], key, json)
        .then(({ stored, resultJson }) => ({ stored, result: parse(resultJson) }))
    },

    claim(key, given) {
      run.needs('claim')
      const { leaseSec, requestHash } = options(given, ['leaseSec', 'requestHash'])
      const lease = durationMicros('leaseSec', leaseSec)
      const hash = optional(text, 'requestHash', requestHash)
      const token = randomUUID()
      return run.write('claim', [id('key', key)], key, token, lease, hash).then((answer): Claim => {
        if (answer.state === 'started') return { state: 'started', token }
        if (answer.state === 'replay') return { state: 'replay', result: parse(answer.resultJson) }
        return answer
      })
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
  }),
  batch: ['set', 'complete', 'abandon'],
  hasInitSchema: false,
  capabilities: { setIfAbsent: 'setIfAbsent', claim: 'claim' },
  records: {
    idempotency: {
      key: id,
      resultJson: [jsonText],
      requestHash: [text],
      createdAt: [canonicalTime],
      claimedAt: [canonicalTime],
    },
  },
})
