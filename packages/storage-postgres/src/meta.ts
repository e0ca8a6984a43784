import { importUnfinished } from '@dir/storage-core/adapter'
import { type PgSession, number } from './session.ts'

/** Numbers about the whole namespace: the tickets of imports: `importing` is not finished, `imported` is. */
type MetaName = 'importing' | 'imported'

export async function readMeta(db: PgSession, name: MetaName): Promise<number | null> {
  const [row] = await db.read(/* sql */ `SELECT value FROM ${db.schema}meta WHERE name = $1`, name)
  return row === undefined ? null : number(row, 'value')
}

/** Throws if the namespace is being filled, or an import into it was interrupted. */
export async function refuseUnfinishedImport(db: PgSession): Promise<void> {
  if ((await readMeta(db, 'importing')) !== null) throw importUnfinished()
}
