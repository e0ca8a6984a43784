import { InvalidArgumentError } from '@dir/storage-core'
import { checkNamespace } from '@dir/storage-core/adapter'

/**
 * The statements that give a role what it needs in a namespace whose tables are there, to be run by their owner, again
 * after each change of the schema. Opened with `init: false`, it needs no more.
 * @throws InvalidArgumentError for what is no name of a role.
 */
export function postgresGrants(role: string, namespace = 'dir_storage'): string {
  const schema = `SCHEMA "${checkNamespace('namespace', namespace)}"`
  if (typeof role !== 'string' || role === '' || role.includes('\0'))
    throw new InvalidArgumentError('role', 'must be the name of a role')
  const to = `TO "${role.replaceAll('"', '""')}";`
  return `GRANT USAGE ON ${schema} ${to}
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN ${schema} ${to}
GRANT USAGE, SELECT ON ALL SEQUENCES IN ${schema} ${to}
GRANT EXECUTE ON ALL FUNCTIONS IN ${schema} ${to}
`
}
