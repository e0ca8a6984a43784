import type { Module } from './adapters.ts'

/** What an administrator runs for a store, in words that each backend has. */
export interface SchemaText {
  /** What brings it from a version of the schema to the current one; 0 is nothing. */
  readonly statements: string
  /** What gives a user the rights that it needs. */
  readonly rights: string
}

export interface Place {
  /** What the store is called, without user and password. */
  readonly label: string
  readonly namespace: string
  readonly from: number
  readonly role: string
}

type Printer = (module: Module, place: Place) => SchemaText

const call = (module: Module, name: string, ...args: readonly unknown[]): unknown =>
  (module[name] as (...args: readonly unknown[]) => unknown)(...args)

/** By the names of backends. */
export const PRINTERS: Readonly<Record<string, Printer>> = {
  sqlite: (module, { from }) => ({
    statements: `BEGIN;\n${String(call(module, 'sqliteSchema', from))}COMMIT;\n`,
    rights: '-- SQLite knows no roles: the process must be able to write the file and its folder.\n',
  }),

  postgres: (module, { namespace, from, role }) => ({
    statements: String(call(module, 'postgresSchema', namespace, from)),
    rights: String(call(module, 'postgresGrants', role, namespace)),
  }),

  redis: (module, { namespace, role }) => ({
    statements: '# The keys are made by what is written first: there is nothing to run.\n',
    rights: `ACL SETUSER ${role} on >PASSWORD ${(call(module, 'redisAcl', namespace) as string[]).join(' ')}\n`,
  }),

  mongo: (module, { label, namespace, from, role }) => ({
    statements: mongoStatements(
      call(module, 'mongoSchema', namespace, from) as Collections,
      namespace,
      module,
    ),
    rights: `db.grantRolesToUser(${JSON.stringify(role)}, [${JSON.stringify({ role: 'readWrite', db: databaseOf(label) })}])\n`,
  }),
}

type Collections = readonly {
  readonly collection: string
  readonly options: object
  readonly indexes: readonly { readonly key: object }[]
  readonly dropIndexes: readonly string[]
}[]

/** For mongosh, in the database. What is there already may be made again, but for collections. */
function mongoStatements(collections: Collections, namespace: string, module: Module): string {
  const lines = collections.flatMap(({ collection, options, indexes, dropIndexes }) => {
    const name = JSON.stringify(collection)
    return [
      `if (!db.getCollectionNames().includes(${name})) db.createCollection(${name}, ${JSON.stringify(options)})`,
      ...indexes.map(
        ({ key, ...rest }) =>
          `db.getCollection(${name}).createIndex(${JSON.stringify(key)}, ${JSON.stringify(rest)})`,
      ),
      ...dropIndexes.map((index) => `db.getCollection(${name}).dropIndex(${JSON.stringify(index)})`),
    ]
  })
  const mark = JSON.stringify({ $set: { value: module['SCHEMA_VERSION'] } })
  const meta = JSON.stringify(`${namespace}.meta`)
  lines.push(`db.getCollection(${meta}).updateOne({"_id":"schema_version"}, ${mark}, {"upsert":true})`)
  return `${lines.join('\n')}\n`
}

function databaseOf(label: string): string {
  const [, name = ''] = /^[^/]+\/\/[^/]+\/([^#]*)/.exec(label) ?? []
  return name === '' ? 'dir_storage' : name
}
