import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStorage } from '@dir/storage-sqlite'
import { HANDLE_OPTIONS, malformedInput } from './suite.ts'
import { statementMeter } from './wires.ts'

malformedInput('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'malformed-'))
  return {
    meter: statementMeter(),
    open: (store) => sqliteStorage({ path: join(folder, `${store}.sqlite`), ...HANDLE_OPTIONS }),
    end: async () => rmSync(folder, { recursive: true }),
  }
})
