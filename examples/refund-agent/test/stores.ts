import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type StorageHandle, mixStorage } from '@dir/storage-core'
import { dropNamespace, postgresStorage } from '@dir/storage-postgres'
import { sqliteStorage } from '@dir/storage-sqlite'
import { onTestFinished } from 'vitest'

/** Opens one store, again and again, that is empty at first. */
type Open = () => StorageHandle

export async function freshSqlite(): Promise<Open> {
  const folder = await mkdtemp(path.join(tmpdir(), 'refund-agent-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return () => sqliteStorage(path.join(folder, 'refunds.sqlite'))
}

export async function freshPostgres(url: string): Promise<Open> {
  const namespace = `refund_agent_${randomBytes(6).toString('hex')}`
  onTestFinished(() => dropNamespace({ url, namespace }))
  return () => postgresStorage({ url, namespace })
}

/** What commits together is on PostgreSQL: the log, with requests, statuses and holds. The rest is in a file. */
export async function freshMix(url: string): Promise<Open> {
  const [openPostgres, openSqlite] = await Promise.all([freshPostgres(url), freshSqlite()])
  return () => {
    const postgres = openPostgres()
    return mixStorage({
      decisionAudit: postgres,
      escalation: postgres,
      lifecycle: postgres,
      resourceLock: postgres,
      default: openSqlite(),
    })
  }
}
