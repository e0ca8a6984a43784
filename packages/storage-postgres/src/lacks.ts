import { OWN_TABLES, SEQUENCES, indexNames } from './schema.ts'
import { type PgSession, text } from './session.ts'

/** What the health of a namespace lists: names with commas between them, empty for none. */
export interface Lacks {
  readonly user: string
  readonly missingRights: string
  readonly missingIndexes: string
}

/** Looks which rights this role lacks, and which indexes the tables do. */
export async function readLacks(db: PgSession, namespace: string): Promise<Lacks> {
  const [row] = await db.read(
    /* sql */ `SELECT current_user AS name, coalesce((
        SELECT string_agg(privilege || ' on ' || name, ', ' ORDER BY name, privilege) FROM (
          SELECT name, privilege FROM unnest($1::TEXT[]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
          WHERE NOT has_table_privilege(quote_ident($4) || '.' || name, privilege)
          UNION ALL SELECT name, 'USAGE' FROM unnest($2::TEXT[]) AS name
          WHERE NOT has_sequence_privilege(quote_ident($4) || '.' || name, 'USAGE')
        ) AS lacking), '') AS rights, coalesce((
        SELECT string_agg(name, ', ' ORDER BY name) FROM unnest($3::TEXT[]) AS name WHERE NOT EXISTS (
          SELECT 1 FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname = $4 AND c.relname = name AND i.indisvalid
        )), '') AS indexes`,
    [...OWN_TABLES],
    [...SEQUENCES],
    indexNames(),
    namespace,
  )
  return { user: text(row, 'name'), missingRights: text(row, 'rights'), missingIndexes: text(row, 'indexes') }
}
