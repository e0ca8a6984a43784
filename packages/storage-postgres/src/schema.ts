import { toVersion1 } from './schema-version-1.ts'
import { toVersion2 } from './schema-version-2.ts'
import { toVersion3 } from './schema-version-3.ts'
import { toVersion4 } from './schema-version-4.ts'

/** What the first package that knows the current version is called; stores of it say so to older ones. */
export const NEEDS = '@dir/storage-postgres 0.1.0'

/**
 * Append only: the position of the last one applied is the schema's version. Texts compare by their bytes, JSON is
 * kept as TEXT so that it comes back byte for byte, and numbers of order come from sequences, never from times.
 */
export const STEPS: readonly ((schema: string) => string)[] = [toVersion1, toVersion2, toVersion3, toVersion4]

export const SCHEMA_VERSION: number = STEPS.length

/** The names of the indexes of the current version, but for those that constraints have. */
export function indexNames(): string[] {
  const sql = STEPS.map((step) => step('')).join('')
  const after = (words: string): string[] =>
    [...sql.matchAll(new RegExp(`${words} (\\w+)`, 'g'))].map(([, name = '']) => name)
  const dropped = new Set(after('DROP INDEX'))
  return after('CREATE (?:UNIQUE )?INDEX').filter((name) => !dropped.has(name))
}

export const RECORD_TABLES = [
  'agent_registry',
  'context',
  'idempotency_cache',
  'decision_audit_events',
  'saga_dirty_state',
  'resource_locks',
  'intent_retry',
  'escalation_budget',
  'escalation_requests',
  'flow_status',
  'flow_transitions',
] as const

/** All tables of a namespace. */
export const OWN_TABLES = [
  'meta',
  'kept_answers',
  'resource_totals',
  'budget_counts',
  ...RECORD_TABLES,
] as const

export const SEQUENCES = ['audit_seq', 'fence_seq', 'order_seq'] as const

/** What `dropNamespace` removes, dependent things first. */
export const dropSql = (namespace: string): string => {
  const list = (names: readonly string[]): string => names.map((name) => `"${namespace}".${name}`).join(', ')
  return /* sql */ `DROP TABLE IF EXISTS ${list(OWN_TABLES)};
    DROP FUNCTION IF EXISTS ${list(['join_works', 'commit_works', 'keep_totals', 'keep_counts', 'keep_flows', 'remove_empty_counts', 'window_count'])}; DROP SEQUENCE IF EXISTS ${list(SEQUENCES)}`
}
