import { randomBytes } from 'node:crypto'
import { PermissionError, SchemaError } from '@dir/storage-core'
import type { RedisConnection } from './connection.ts'
import { newerSchema } from './schema-errors.ts'
import type { Packable } from './msgpack.ts'
import type { Script } from './script.ts'
import { as } from './session.ts'
import { SCHEMA_VERSION } from './meta.ts'
import { lookScript, prepareScript, rightsScript } from './store-script.ts'

/** What a namespace is, as its `meta` has it. */
export interface StoreState {
  /** What tells this store from another of the same name; null: there is none. */
  readonly id: string | null
  readonly version: string | null
  readonly importing: boolean
  /** A counter is behind what is stored. */
  readonly isBehind: boolean
  readonly seq: number
  readonly fence: number
}

type StateReply = readonly [string | null, string | null, number, number, string, string]

/** Looks at a namespace, and changes nothing: that needs no memory and no disk. */
export async function lookAtStore(connection: RedisConnection, deadline: number): Promise<StoreState> {
  return stateOf(connection, lookScript, null, deadline)
}

async function stateOf(
  connection: RedisConnection,
  script: Script,
  request: Packable,
  deadline: number,
): Promise<StoreState> {
  const reply = await connection.repeat(script, request, deadline, 'unknown')
  const [id, version, importing, behind, seq, fence] = as<StateReply>(reply)
  const numbers = { seq: Number(seq), fence: Number(fence) }
  return { id, version, importing: importing === 1, isBehind: behind === 1, ...numbers }
}

/**
 * Opens a namespace, and with `create` makes it if it is not there. Counters that are behind what is stored are raised.
 * Writes only where there is something to write, so that a store can be opened where nothing can be written now.
 */
export async function openStore(
  connection: RedisConnection,
  create: boolean,
  deadline: number,
): Promise<StoreState & { readonly id: string }> {
  const found = await lookAtStore(connection, deadline)
  const needsId = found.id === null && (create || found.version !== null)
  const request = needsId ? randomBytes(12).toString('base64') : null
  const state =
    request !== null || found.isBehind ? await stateOf(connection, prepareScript, request, deadline) : found
  if (state.version === null || state.id === null)
    throw new SchemaError('There is no such namespace, and init: false creates none.', 'none', '1')
  if (state.version !== String(SCHEMA_VERSION)) throw newerSchema(state.version)
  return { ...state, id: state.id }
}

/** Refuses a user who may not run some command of some script: that must not show in the middle of one. */
export async function judgeRights(connection: RedisConnection, deadline: number): Promise<void> {
  const missing = as<string[]>(await connection.repeat(rightsScript, null, deadline, 'not-applied'))
  if (missing.length > 0)
    throw new PermissionError(
      `This Redis user may not run what is needed: ${missing.join(', ').toLowerCase()}. Grant it these commands, or enable them.`,
    )
}
