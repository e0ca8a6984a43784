import { DEFINITIONS, PROTOCOLS, type Protocol, type StorageRecord } from './index.ts'
import { type FieldRule, checkField } from '../rules/fields.ts'
import { InvalidArgumentError, isStorageError } from '../errors/index.ts'
import { reading, sequence } from '../rules/validate.ts'

type Type = Exclude<StorageRecord['type'], 'counters'>
type Rules = Readonly<Record<string, FieldRule>>

const homes = PROTOCOLS.flatMap((protocol) =>
  Object.keys(DEFINITIONS[protocol].records).map((type) => [type, protocol] as const),
)

/** Which protocol keeps a type of record; the counters are the handle's. */
export const PROTOCOL_OF = Object.fromEntries(homes) as { readonly [T in Type]: Protocol }

const COUNTERS: Rules = { seq: sequence, fence: sequence, records: sequence }

const rulesByType: ReadonlyMap<unknown, Rules> = new Map([
  ...PROTOCOLS.flatMap((protocol) => Object.entries(DEFINITIONS[protocol].records)),
  ['counters', COUNTERS],
])

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
  const given = value as Fields
  const { type } = given
  const rules = rulesByType.get(type)
  if (rules === undefined)
    throw new InvalidArgumentError('records', 'holds something whose type is not known')
  const fields = copyFields(given, rules)
  const copy: object = { type, ...fields }
  const record = copy as StorageRecord
  // what the mark says is the store's own, or a file's, and is not shown in an error
  if (typeof given['unfit'] === 'string') return { record, unfit: given['unfit'], why: 'it is marked so' }
  const broken = brokenRule(rules, fields, limit) ?? contradictionIn(record)
  return { record, unfit: broken, why: broken ?? '' }
}

type Fields = Readonly<Record<string, unknown>>

function copyFields(given: Fields, rules: Rules): Fields {
  const entries = Object.entries(rules).map(([field, rule]) => [field, given[field], rule] as const)
  const there = entries.filter(([, value, rule]) => value !== undefined || !('optional' in rule))
  return Object.fromEntries(there)
}

function brokenRule(rules: Rules, fields: Fields, limit: number): string | null {
  try {
    for (const [field, rule] of Object.entries(rules)) checkField(rule, field, fields[field], limit)
    return null
  } catch (error) {
    if (isStorageError(error)) return error.message
    throw error
  }
}

function contradictionIn(record: StorageRecord): string | null {
  if (record.type === 'counters') return null
  return DEFINITIONS[PROTOCOL_OF[record.type]].contradiction?.(record) ?? null
}
