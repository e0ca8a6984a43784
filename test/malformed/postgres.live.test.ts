import { Pool } from 'pg'
import { dropNamespace, postgresStorage } from '../../packages/storage-postgres/src/index.ts'
import { withServer } from '../../scripts/servers/live.ts'
import { HANDLE_OPTIONS, malformedInput } from './suite.ts'
import { socketMeter } from './wires.ts'

withServer('postgres', (url) => {
  malformedInput('PostgreSQL', async () => {
    const meter = socketMeter()
    // a connection that has nothing to do stays, since its end would be sent
    const pool = new Pool({ connectionString: url, stream: meter.open, idleTimeoutMillis: 0 })
    const place = (store: string) => ({ pool, namespace: `malformed_${process.pid}_${store}` })
    return {
      meter,
      open: (store) => postgresStorage({ ...place(store), ...HANDLE_OPTIONS }),
      async end() {
        await Promise.all(['filled', 'untouched'].map((store) => dropNamespace(place(store))))
        await pool.end()
      },
    }
  })
})
