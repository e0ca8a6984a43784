import { isStorageError } from '@dir/storage-core'
import { mongoStorage } from '../../packages/storage-mongo/src/index.ts'
import { postgresStorage } from '../../packages/storage-postgres/src/index.ts'
import { redisStorage } from '../../packages/storage-redis/src/index.ts'
import { expect, test } from 'vitest'
import { until } from '../../conformance/src/scenarios/kit.ts'
import { SERVER_NAMES, start } from '../../scripts/servers/index.ts'
import { withOwnServer } from '../../scripts/servers/live.ts'

const PATIENCE_MS = 60_000
const OPEN = { postgres: postgresStorage, redis: redisStorage, mongo: mongoStorage }

for (const name of SERVER_NAMES)
  withOwnServer(name, () => {
    test('a follower goes on after its server was killed', { timeout: 180_000 }, async () => {
      const server = await start(name)
      const storage = OPEN[name]({ url: server.url, operationTimeoutMs: 2_000 })
      const { decisionAudit } = storage
      const seen: number[] = []
      const ended = new AbortController()
      const following = (async () => {
        for await (const { seq } of decisionAudit.events({ follow: true, signal: ended.signal }))
          seen.push(seq)
      })()
      following.catch(() => {}) // looked at below
      const sees = (seq: number) =>
        until(
          async () => seen.includes(seq),
          (isSeen) => isSeen,
          PATIENCE_MS,
        )
      expect(await sees(await decisionAudit.record('f', 'before'))).toBe(true)
      await server.kill9()
      const error = await decisionAudit.record('f', 'meanwhile').catch((reason: unknown) => reason)
      expect(isStorageError(error)).toBe(true)
      await server.restart()
      const last = await until(
        () => decisionAudit.record('f', 'after').catch(() => 0),
        (seq) => seq > 0,
        PATIENCE_MS,
      )
      expect(await sees(last)).toBe(true)
      ended.abort()
      await following
      expect(seen).toEqual((await decisionAudit.allEventsChronological()).map(({ seq }) => seq))
      await storage.close()
      await server.stop()
    })
  })
