import { MongoClient } from 'mongodb'
import { dropNamespace, mongoStorage } from '../../packages/storage-mongo/src/index.ts'
import { withServer } from '../../scripts/servers/live.ts'
import { HANDLE_OPTIONS, malformedInput } from './suite.ts'

withServer('mongo', (url) => {
  malformedInput('MongoDB', async () => {
    // commands, not bytes: the client looks after its connections all the time
    let commands = 0
    const client = new MongoClient(url, { monitorCommands: true })
    client.on('commandStarted', () => commands++)
    const place = (store: string) => ({ client, namespace: `malformed_${process.pid}_${store}` })
    return {
      meter: { sent: () => commands, stop: () => {} },
      open: (store) => mongoStorage({ ...place(store), ...HANDLE_OPTIONS }),
      async end() {
        await Promise.all(['filled', 'untouched'].map((store) => dropNamespace(place(store))))
        await client.close()
      },
    }
  })
})
