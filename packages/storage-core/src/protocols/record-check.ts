import { InvalidArgumentError, isStorageError } from '../errors/index.ts'
import type { Protocol } from './bundle.ts'
import type { StorageRecord } from './records.ts'
import { MAX_MICROS, fromMicros } from '../rules/amounts.ts'
import {
  amount,
  id,
  instant as time,
  int32,
  integer,
  count,
  jsonText,
  reading,
  nullable,
  sequence,
  text,
} from '../rules/validate.ts'

type Rule = (argument: string, value: unknown) => unknown
type Rules = Readonly<Record<string, Rule | readonly [Rule]>>

/** Every field of every type of record with its rule; `[rule]`: null is allowed too. */
const fields = (limit: number): { readonly [T in StorageRecord['type']]: Rules } => {
  const json: Rule = (argument, value) => jsonText(argument, value, limit)
  const context: Rules = { id, dataJson: json, updatedAt: instant }
  return {
    agent: {
      agentId: id,
      contractJson: json,
      priority: int32,
      status: text,
      agentVersion: [text],
      sessionToken: [text],
      suspensionReason: [text],
      registeredAt: instant,
      updatedAt: instant,
    },
    session: context,
    state: context,
    idempotency: {
      key: id,
      resultJson: [json],
      requestHash: [text],
      createdAt: [instant],
      claimedAt: [instant],
    },
    event: {
      seq: sequence,
      dfid: id,
      event: text,
      timestamp: instant,
      stepId: text,
      state: text,
      detailsJson: json,
    },
    dirtyFlow: { dfid: id, failedStep: text, partialStateJson: json, createdAt: instant },
    hold: {
      dfid: id,
      resourceId: id,
      amount,
      micros: optionalMicros,
      acquiredAt: instant,
      expiresAt: [instant],
      fence: sequence,
    },
    retryCount: { dfid: id, count, updatedAt: instant },
    budgetToken: { agentId: id, createdAt: instant },
    request: {
      dfid: id,
      agentId: id,
      reason: text,
      contextJson: json,
      proposalJson: json,
      impact: text,
      status: requestStatus,
      createdAt: instant,
      resolvedAt: [instant],
      decision: [text],
    },
    transition: { dfid: id, fromStatus: [text], toStatus: text, createdAt: instant },
    counters: { seq: sequence, fence: sequence, records: sequence },
  }
}

/** In a record a time has one form only, since stores compare it as it stands. */
function instant(argument: string, value: unknown): void {
  if (time(argument, value) !== value)
    throw new InvalidArgumentError(argument, 'must be a time in the form 2026-03-01T09:30:00.000000Z')
}

function optionalMicros(argument: string, value: unknown): void {
  if (value !== undefined) integer(argument, value, 0, MAX_MICROS)
}

function requestStatus(argument: string, value: unknown): void {
  if (value !== 'PENDING' && value !== 'RESOLVED')
    throw new InvalidArgumentError(argument, 'must be PENDING or RESOLVED')
}

/** Which protocol keeps a type of record; the counters are the handle's. */
export const PROTOCOL_OF: { readonly [T in Exclude<StorageRecord['type'], 'counters'>]: Protocol } = {
  agent: 'agentRegistry',
  session: 'context',
  state: 'context',
  idempotency: 'idempotency',
  event: 'decisionAudit',
  dirtyFlow: 'saga',
  hold: 'resourceLock',
  retryCount: 'intentRetry',
  budgetToken: 'escalation',
  request: 'escalation',
  transition: 'lifecycle',
}

/** A record as given, copied field by field, and why this contract cannot hold it (null: it can). */
export interface CheckedRecord {
  readonly record: StorageRecord
  readonly unfit: string | null
  /** What an error may say of that. */
  readonly why: string
}

/** Copies and checks a record; a value that is no record at all throws. */
export function checkRecord(value: unknown, limit: number): CheckedRecord {
  return reading('records', () => checkFields(value, limit))
}

function checkFields(value: unknown, limit: number): CheckedRecord {
  if (typeof value !== 'object' || value === null)
    throw new InvalidArgumentError('records', 'must hold objects only')
  const given = value as Readonly<Record<string, unknown>>
  const { type } = given
  const all: Readonly<Record<string, Rules>> = fields(limit)
  const rules = typeof type === 'string' && Object.hasOwn(all, type) ? all[type] : undefined
  if (rules === undefined)
    throw new InvalidArgumentError('records', 'holds something whose type is not known')
  const names = Object.keys(rules).filter((name) => name !== 'micros' || given[name] !== undefined)
  const copy = Object.fromEntries(names.map((name) => [name, given[name]]))
  const record = { type, ...copy } as unknown as StorageRecord
  // what the mark says is the store's own, or a file's, and is not shown in an error
  if (typeof given['unfit'] === 'string') return { record, unfit: given['unfit'], why: 'it is marked so' }
  const broken = brokenRule(rules, copy)
  return { record, unfit: broken, why: broken ?? '' }
}

function brokenRule(rules: Rules, values: Readonly<Record<string, unknown>>): string | null {
  try {
    for (const [name, rule] of Object.entries(rules)) {
      if (typeof rule === 'function') rule(name, values[name])
      else nullable(rule[0], name, values[name])
    }
  } catch (error) {
    if (isStorageError(error)) return error.message
    throw error
  }
  const { micros } = values
  if (typeof micros === 'number' && fromMicros(micros) !== values['amount'])
    return 'amount and micros contradict each other'
  if ('status' in rules && 'resolvedAt' in rules)
    return (values['status'] === 'PENDING') === (values['resolvedAt'] === null)
      ? null
      : 'status and resolvedAt contradict each other'
  return null
}
