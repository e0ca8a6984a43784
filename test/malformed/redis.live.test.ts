import { dropNamespace, redisStorage } from '../../packages/storage-redis/src/index.ts'
import { withServer } from '../../scripts/servers/live.ts'
import { HANDLE_OPTIONS, malformedInput } from './suite.ts'
import { socketMeter } from './wires.ts'

withServer('redis', (url) => {
  malformedInput('Redis', async () => {
    const place = (store: string) => ({ url, namespace: `malformed_${process.pid}_${store}` })
    return {
      meter: socketMeter(),
      open: (store) => redisStorage({ ...place(store), ...HANDLE_OPTIONS }),
      end: async () =>
        void (await Promise.all(['filled', 'untouched'].map((store) => dropNamespace(place(store))))),
    }
  })
})
