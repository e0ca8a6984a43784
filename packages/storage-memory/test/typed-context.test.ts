import { type SessionSchema, type StorageHandle, typedContext } from '@dir/storage-core'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { memoryStorage } from '../src/index.ts'

interface Session {
  readonly amount: number
  readonly note?: string | undefined
}

const SCHEMAS: Readonly<Record<string, SessionSchema<Session>>> = {
  zod: z.object({ amount: z.number().positive(), note: z.string().optional() }),
  valibot: v.object({ amount: v.pipe(v.number(), v.minValue(1)), note: v.optional(v.string()) }),
}

const failure = (fields: object): unknown => expect.objectContaining(fields)

describe.each(Object.entries(SCHEMAS))('sessions by %s', (_, schema) => {
  const open = (): readonly [StorageHandle, ReturnType<typeof typedContext<Session>>] => {
    const storage = memoryStorage()
    return [storage, typedContext(storage.context, schema)]
  }

  test('are written and read as values', async () => {
    const [storage, sessions] = open()
    expect(await sessions.getSession('flow')).toBeNull()
    await sessions.setSession('flow', { amount: 5 })
    expect(await sessions.getSession('flow')).toEqual({ amount: 5 })
    expect(await storage.context.getSession('flow')).toBe('{"amount": 5}')
  })

  test('are merged without losing anybody’s change', async () => {
    const [, sessions] = open()
    const add = () => sessions.updateSession('flow', (session) => ({ amount: (session?.amount ?? 0) + 1 }))
    const written = await Promise.all(Array.from({ length: 8 }, add))
    expect(written.map((session) => session?.amount ?? 0).toSorted((one, other) => one - other)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ])
    expect(await sessions.updateSession('flow', () => null)).toBeNull()
    expect(await sessions.getSession('flow')).toEqual({ amount: 8 })
  })

  test('are refused where they do not fit, with the place, and nothing is written', async () => {
    const [storage, sessions] = open()
    const wrong = { amount: 'five' } as unknown as Session
    for (const [method, call] of Object.entries({
      setSession: () => sessions.setSession('flow', wrong),
      updateSession: () => sessions.updateSession('flow', () => wrong),
    }))
      await expect(call()).rejects.toEqual(
        failure({
          code: 'STORAGE_INVALID_ARGUMENT',
          argument: 'session',
          reason: expect.stringMatching(/^does not fit its schema \(at amount: .*number.*\)$/),
          protocol: 'context',
          operation: method,
        }),
      )
    expect(await storage.context.getSession('flow')).toBeNull()
  })

  test('that somebody else wrote otherwise are stored data that cannot be read', async () => {
    const [storage, sessions] = open()
    await storage.context.setSession('flow', '{"amount": null}')
    for (const call of [
      () => sessions.getSession('flow'),
      () => sessions.updateSession('flow', () => ({ amount: 1 })),
    ])
      await expect(call()).rejects.toEqual(
        failure({ code: 'STORAGE_STORED_DATA', table: 'context_session', column: 'data_json' }),
      )
    expect(await storage.context.getSession('flow')).toBe('{"amount": null}')
  })
})

test('a schema that transforms gives its output, and takes its input', async () => {
  const { context } = memoryStorage()
  const sessions = typedContext(context, z.object({ at: z.string().transform((text) => new Date(text)) }))
  await sessions.setSession('flow', { at: '2026-01-01T00:00:00Z' })
  const found = await sessions.getSession('flow')
  expectTypeOf(found).toEqualTypeOf<{ at: Date } | null>()
  expect(found).toEqual({ at: new Date('2026-01-01T00:00:00Z') })
})

test('numbers are plain, and no id is rounded, whoever wrote it', async () => {
  const { context } = memoryStorage({ numbers: 'exact' })
  const sessions = typedContext(context, z.object({ id: z.bigint(), limit: z.number() }))
  await context.setSession('flow', '{"limit": 67.0, "id": 9007199254740993}')
  expect(await sessions.getSession('flow')).toEqual({ id: 9007199254740993n, limit: 67 })
  await sessions.updateSession('flow', (session) => session && { ...session, limit: session.limit + 1 })
  expect(await context.getSession('flow')).toBe('{"id": 9007199254740993, "limit": 68}')
})

test('only the first issues are told, briefly', async () => {
  const sessions = typedContext(memoryStorage().context, z.record(z.string(), z.number()))
  const wrong = { a: '', b: '', c: '', d: '' } as unknown as Record<string, number>
  const error: unknown = await sessions.setSession('flow', wrong).catch((thrown: unknown) => thrown)
  expect((error as Error).message).toMatch(/\(at a: [^;]*; at b: [^;]*; at c: [^;]*; …\)\.$/)
})

test.each([null, undefined, {}, 'schema', { '~standard': { version: 2, validate() {} } }, () => {}])(
  'what is no schema is refused at once: %s',
  (schema) => {
    expect(() => typedContext(memoryStorage().context, schema as SessionSchema<Session>)).toThrow(
      'Invalid argument: schema must follow Standard Schema, version 1',
    )
  },
)

test.each([
  () => {
    throw new Error('secret')
  },
  () => Promise.reject(new Error('secret')),
])('a schema that fails itself says nothing of what it was given', async (validate) => {
  const sessions = typedContext(memoryStorage().context, { '~standard': { version: 1, validate } })
  const error: unknown = await sessions.setSession('flow', 1).catch((thrown: unknown) => thrown)
  expect([(error as Error).message, (error as Error).cause]).toEqual([
    'Invalid argument: schema failed itself, and told nothing of the session.',
    undefined,
  ])
})
