import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { StorageRecord } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { describe } from 'vitest'
import { whole } from '../conformance/src/scenarios/kit.ts'
import { sqliteTable } from './seals/sqlite-table.ts'
import { namesWhatIsTampered } from './seals/tampering.ts'

describe('memory, which is tampered with by an import', () => {
  namesWhatIsTampered(async () => {
    const first = memoryStorage()
    let records: StorageRecord[] | null = null
    return {
      async now() {
        if (records === null) return first
        const storage = memoryStorage()
        await storage.importRecords(whole(records))
        return storage
      },
      async openTable() {
        records = (await Array.fromAsync(first.exportRecords())).filter(({ type }) => type !== 'counters')
        return {
          async replace(seqs, rows) {
            const added = rows.map(({ agentId, ...row }) => {
              return { type: 'event' as const, ...row, ...(agentId === null ? {} : { agentId }) }
            })
            const kept = (records ?? []).filter((one) => one.type !== 'event' || !seqs.includes(one.seq))
            const seqOf = (one: StorageRecord): number => (one.type === 'event' ? one.seq : 0)
            const isEvent = (one: StorageRecord): boolean => one.type === 'event'
            const events = [...kept.filter(isEvent), ...added].toSorted((a, b) => seqOf(a) - seqOf(b))
            records = [...events, ...kept.filter((one) => !isEvent(one))]
          },
          close: async () => {},
        }
      },
      end: () => first.close(),
    }
  })
})

describe('sqlite', () => {
  namesWhatIsTampered(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-seals-'))
    const file = path.join(folder, 'audit.sqlite')
    const storage = sqliteStorage(file)
    return {
      now: async () => storage,
      openTable: async () => sqliteTable(file),
      async end() {
        await storage.close()
        rmSync(folder, { recursive: true })
      },
    }
  })
})
