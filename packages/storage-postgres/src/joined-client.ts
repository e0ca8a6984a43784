// How to run a statement on what applications have: a client of pg, or what a library over it hands out as a transaction.
import { InvalidArgumentError } from '@dir/storage-core'
import type { CustomTypesConfig } from 'pg'
import type { SqlValue } from './session.ts'

/** Runs one statement; its one row has the text `answer`, which is text whatever parsers are registered. */
export type RunJoined = (text: string, values: readonly SqlValue[]) => Promise<unknown>

const RAW = { getTypeParser: () => (value: unknown) => value } as unknown as CustomTypesConfig

/** Of a pg client, as far as it is used here. */
interface PgClient {
  query(config: { text: string; values: unknown[]; types: CustomTypesConfig }): Promise<unknown>
}

/** As TypeORM has it. */
interface QueryRunner {
  query(text: string, values: unknown[]): Promise<unknown>
}

/** As Kysely has it. */
interface KyselyTransaction {
  executeQuery(query: object): Promise<unknown>
}

/** Throws where `client` is nothing of the kind. */
export function runOn(client: object): RunJoined {
  const { query, executeQuery, session, queryRunner } = client as Readonly<Record<string, unknown>>
  if (typeof executeQuery === 'function') return onKysely(client as KyselyTransaction)
  const inner = (session as { readonly client?: unknown } | null | undefined)?.client ?? queryRunner
  if (typeof query !== 'function') {
    if (typeof inner === 'object' && inner !== null) return runOn(inner) // Drizzle's transaction, TypeORM's manager
    throw new InvalidArgumentError(
      'client',
      'must be a client of pg, or a transaction of Kysely, Drizzle or TypeORM over it',
    )
  }
  if ('expiredCount' in client || 'totalCount' in client)
    throw new InvalidArgumentError(
      'client',
      'is a pool, whose statements run on any connection: connect() a client of it',
    )
  return 'isTransactionActive' in client
    ? onQueryRunner(client as unknown as QueryRunner)
    : onClient(client as PgClient)
}

function onClient(client: PgClient): RunJoined {
  return async (text, values) => answerIn(await client.query({ text, values: [...values], types: RAW }))
}

function onQueryRunner(runner: QueryRunner): RunJoined {
  return async (text, values) => answerIn(await runner.query(text, [...values]))
}

function onKysely(transaction: KyselyTransaction): RunJoined {
  return async (text, values) => {
    const query = { kind: 'RawNode', sqlFragments: [text], parameters: [] }
    const queryId = { queryId: 'dir-storage' }
    return answerIn(await transaction.executeQuery({ query, queryId, sql: text, parameters: [...values] }))
  }
}

/** Some give a result with rows, some the rows. */
function answerIn(result: unknown): unknown {
  const { rows = result } = result as { readonly rows?: unknown }
  return (rows as readonly { readonly answer?: unknown }[])[0]?.answer
}
