import { dropNamespace as dropMongo, mongoStorage } from '../packages/storage-mongo/src/index.ts'
import { dropNamespace as dropPostgres, postgresStorage } from '../packages/storage-postgres/src/index.ts'
import { dropNamespace as dropRedis, redisStorage } from '../packages/storage-redis/src/index.ts'
import { withServer } from '../scripts/servers/live.ts'
import { freshNamespace } from './load/store.ts'
import { mongoTable } from './seals/mongo-table.ts'
import { postgresTable } from './seals/postgres-table.ts'
import { redisTable } from './seals/redis-table.ts'
import { namesWhatIsTampered } from './seals/tampering.ts'

withServer('postgres', (url) => {
  namesWhatIsTampered(async () => {
    const namespace = freshNamespace()
    const storage = postgresStorage({ url, namespace })
    return {
      now: async () => storage,
      openTable: () => postgresTable(url, namespace),
      async end() {
        await storage.close()
        await dropPostgres({ url, namespace })
      },
    }
  })
})

withServer('redis', (url) => {
  namesWhatIsTampered(async () => {
    const namespace = freshNamespace()
    const storage = redisStorage({ url, namespace })
    return {
      now: async () => storage,
      openTable: async () => redisTable(url, namespace),
      async end() {
        await storage.close()
        await dropRedis({ url, namespace })
      },
    }
  })
})

withServer('mongo', (url) => {
  namesWhatIsTampered(async () => {
    const namespace = freshNamespace()
    const storage = mongoStorage({ url, namespace })
    return {
      now: async () => storage,
      openTable: () => mongoTable(url, namespace),
      async end() {
        await storage.close()
        await dropMongo({ url, namespace })
      },
    }
  })
})
