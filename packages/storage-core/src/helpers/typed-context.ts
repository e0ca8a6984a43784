import { StoredDataError, locate } from '../errors/index.ts'
import { loadsJson } from '../json/decode.ts'
import { dumpsJsonDict } from '../json/encode.ts'
import type { ContextStorage } from '../protocols/context.ts'
import { callable, refuse } from '../rules/validate.ts'
import { updateSession } from './update-session.ts'

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

/** A validator that follows Standard Schema (https://standardschema.dev), as those of zod, valibot and arktype do. */
export interface SessionSchema<Input, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type Standard<Input, Output> = SessionSchema<Input, Output>['~standard']

/** Sessions as values of one type; see `typedContext`. */
export interface TypedContext<Input, Output = Input> {
  /**
   * The flow's session, or null.
   * @throws StoredDataError if what is stored does not fit the schema.
   */
  getSession(dfid: string): Promise<Output | null>
  /**
   * Replaces the flow's session; the last writer wins.
   * @throws InvalidArgumentError if it does not fit the schema, which says where; nothing is written then.
   */
  setSession(dfid: string, session: Input): Promise<void>
  /** As the function `updateSession`, with values. @returns the session that was written, as it is read; or null. */
  updateSession(
    dfid: string,
    fn: (session: Output | null) => Input | null | Promise<Input | null>,
    options?: { readonly timeoutSec?: number },
  ): Promise<Output | null>
}

/**
 * The sessions of `context` as values of a type of yours. Each is validated before it is written and after it is read:
 * somebody else may have written it. It is stored as it was given, and not as the schema transforms it. Numbers are plain:
 * 67.0, as Python writes floats, is 67, and is written as that again; an integer beyond 2^53 is a bigint.
 */
export function typedContext<Input, Output = Input>(
  context: ContextStorage,
  schema: SessionSchema<Input, Output>,
): TypedContext<Input, Output> {
  const standard = standardOf<Input, Output>(schema)

  const parse = async (json: string): Promise<Output> => {
    const found = await validated(standard, loadsJson(json))
    if (found.issues === undefined) return found.value
    throw new StoredDataError(
      'context_session',
      'data_json',
      `does not fit its schema ${texts(found.issues)}`,
    )
  }
  const format = async (session: Input): Promise<string> => {
    const { issues } = await validated(standard, session)
    return issues === undefined
      ? dumpsJsonDict(session)
      : refuse('session', `does not fit its schema ${texts(issues)}`)
  }
  const named = async <T>(method: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      throw locate(error, '', 'context', method)
    }
  }

  return {
    getSession: (dfid) =>
      named('getSession', async () => {
        const json = await context.getSession(dfid)
        return json === null ? null : parse(json)
      }),
    setSession: (dfid, session) =>
      named('setSession', async () => context.setSession(dfid, await format(session))),
    updateSession: (dfid, fn, options) =>
      named('updateSession', async () => {
        callable('fn', fn)
        const change = async (before: string | null): Promise<string | null> => {
          const after = await fn(before === null ? null : await parse(before))
          return after === null ? null : format(after)
        }
        const written = await updateSession(context, dfid, change, options)
        return written === null ? null : parse(written)
      }),
  }
}

function standardOf<Input, Output>(schema: unknown): Standard<Input, Output> {
  const isThere = (typeof schema === 'object' || typeof schema === 'function') && schema !== null
  const standard: unknown = isThere ? Reflect.get(schema, '~standard') : null
  const { version, validate } = (standard ?? {}) as Readonly<Record<string, unknown>>
  if (version !== 1 || typeof validate !== 'function')
    refuse('schema', 'must follow Standard Schema, version 1, as those of zod, valibot and arktype do')
  return standard as Standard<Input, Output>
}

async function validated<Input, Output>(
  standard: Standard<Input, Output>,
  value: unknown,
): Promise<Validated<Output>> {
  try {
    return await standard.validate(value)
  } catch {
    return refuse('schema', 'failed itself, and told nothing of the session')
  }
}

const MOST_ISSUES = 3
const MOST_LETTERS = 200

/** The first issues, each with its place. */
function texts(issues: readonly Issue[]): string {
  const all = issues.slice(0, MOST_ISSUES).map(({ message, path = [] }) => {
    const place = path.map((one) => String(typeof one === 'object' ? one.key : one)).join('.')
    return `${place === '' ? '' : `at ${place}: `}${message}`.slice(0, MOST_LETTERS)
  })
  return `(${all.join('; ')}${issues.length > MOST_ISSUES ? '; …' : ''})`
}
