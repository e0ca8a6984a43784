import { expect, test } from 'vitest'
import { redisCommand } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { RedisConnection } from '../src/connection.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { STEPS, SCHEMA_VERSION, type Step } from '../src/schema.ts'
import { openStore } from '../src/store.ts'

const namespace = 'schema'
const FLOWS = 250

/** A step as a later version might have: it keeps the length of each session beside it, 20 of them at a time. */
const LENGTHS: Step = {
  package: '9.8.0',
  lua: /* lua */ `
local ids = redis.call('ZRANGEBYLEX', key.session_by_id, cursor == '' and '-' or '(' .. cursor, '+', 'LIMIT', 0, 20)
for _, id in ipairs(ids) do
  local record = cmsgpack.unpack(redis.call('HGET', key.session, id))
  redis.call('HSET', key.session, id, cmsgpack.pack({ record[1], record[2], #record[1] }))
  redis.call('HINCRBY', key.meta, 'visited', 1)
end
return ids[20]`,
}
const NEXT: readonly Step[] = [...STEPS, LENGTHS]
const AFTER_NEXT: readonly Step[] = [...NEXT, { package: '9.9.0', lua: '' }]

withServer('redis', (url) => {
  const meta = async (field: string): Promise<string | undefined> =>
    (await redisCommand(url, 'HGET', `{${namespace}}:meta`, field)).split('\r\n').at(-1)

  async function open(steps: readonly Step[], create = true) {
    const connection = new RedisConnection({ url }, namespace, 5_000)
    try {
      return await openStore(connection, create, () => performance.now() + 5_000, steps)
    } finally {
      await connection.close()
    }
  }

  /** A store of the current version with something in it. */
  async function withStore(act: (storage: ReturnType<typeof redisStorage>) => Promise<void>): Promise<void> {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace })
    try {
      await Promise.all(
        Array.from({ length: FLOWS }, (_, index) =>
          storage.context.setSession(`flow ${index}`, `"${index}"`),
        ),
      )
      await act(storage)
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  }

  test('a new step brings a store forward, in pages, whole and once, however many processes begin it', async () => {
    await withStore(async (storage) => {
      const before = await storage.context.getSession('flow 7')
      const states = await Promise.all(Array.from({ length: 5 }, () => open(NEXT)))
      const next = String(SCHEMA_VERSION + 1)
      expect(states.map(({ version }) => version)).toEqual(states.map(() => next))
      expect(await meta('visited')).toBe(String(FLOWS))
      await open(AFTER_NEXT)
      expect(await meta('version')).toBe(String(SCHEMA_VERSION + 2))
      expect(await meta('visited')).toBe(String(FLOWS))
      await redisCommand(url, 'HSET', `{${namespace}}:meta`, 'version', String(SCHEMA_VERSION))
      expect(await storage.context.getSession('flow 7')).toBe(before)
    })
  })

  test('what was interrupted goes on where it ended, and nobody reads or writes meanwhile', async () => {
    await withStore(async (storage) => {
      const failing: Step = {
        ...LENGTHS,
        lua: `if cursor ~= '' then error('interrupted') end\n${LENGTHS.lua}`,
      }
      await expect(open([...STEPS, failing])).rejects.toMatchObject({ code: 'STORAGE_INTERNAL' })
      expect(await meta('version')).toBe(`${SCHEMA_VERSION}>${SCHEMA_VERSION + 1}`)
      const refused = { code: 'STORAGE_SCHEMA', found: `${SCHEMA_VERSION}>${SCHEMA_VERSION + 1}` }
      await expect(storage.context.getSession('flow 7')).rejects.toMatchObject(refused)
      await expect(storage.context.setSession('flow 7', '7')).rejects.toMatchObject(refused)
      await expect(redisStorage({ url, namespace }).init()).rejects.toMatchObject(refused)
      expect((await open(NEXT)).version).toBe(String(SCHEMA_VERSION + 1))
      expect(await meta('visited')).toBe(String(FLOWS))
    })
  })

  test('code of an older version says which version of the package is needed, also to a handle that was open', async () => {
    await withStore(async (storage) => {
      await open(NEXT)
      const refused = {
        code: 'STORAGE_SCHEMA',
        message: expect.stringContaining('@dir/storage-redis to 9.8.0 or newer') as string,
        outcome: 'not-applied',
      }
      await expect(storage.context.getSession('flow 7')).rejects.toMatchObject(refused)
      await expect(storage.context.setSession('flow 7', '7')).rejects.toMatchObject(refused)
      await expect(redisStorage({ url, namespace }).init()).rejects.toMatchObject(refused)
      expect(await redisStorage({ url, namespace }).health()).toMatchObject({ ok: false })
    })
  })

  test('init: false brings nothing forward, and says so', async () => {
    await withStore(async () => {
      await expect(open(NEXT, false)).rejects.toMatchObject({
        code: 'STORAGE_SCHEMA',
        found: String(SCHEMA_VERSION),
        expected: String(SCHEMA_VERSION + 1),
      })
      expect(await meta('version')).toBe(String(SCHEMA_VERSION))
    })
  })
})
