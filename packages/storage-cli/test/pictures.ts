// Makes the pictures of the README: node --conditions=@dir/source packages/storage-cli/test/pictures.ts
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type StorageHandle, mixStorage } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { startServer } from '../src/inspect/server.ts'
import { startChromium } from './chromium.ts'

const ROOT = path.join(import.meta.dirname, '../../..')
const DOCS = path.join(import.meta.dirname, '../docs')
const LARGE = { width: 1280, height: 700 }
const SMALL = { width: 390, height: 844 }

const PICTURES = [
  ['overview', '', 'light', LARGE],
  ['overview-dark', '', 'dark', LARGE],
  ['overview-small', '', 'light', SMALL],
  ['flow', 'flow?id=trade-4712', 'light', LARGE],
  ['flow-small', 'flow?id=trade-4712', 'dark', SMALL],
  ['log', 'log', 'dark', LARGE],
  ['log-small', 'log', 'light', SMALL],
  ['requests', 'requests?status=PENDING', 'light', LARGE],
  ['mix', 'store', 'dark', LARGE],
] as const

const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-pictures-'))
const ended = new AbortController()
try {
  const file = path.join(folder, 'decisions.sqlite')
  const options = ['--conditions=@dir/source', '--disable-warning=ExperimentalWarning']
  const example = path.join(ROOT, 'examples/decision-day/src/main.ts')
  execFileSync(process.execPath, [...options, example, '--store', file], { stdio: 'ignore' })
  await using storage = sqliteStorage(file)
  await leaveOpen(storage)
  const { signal } = ended
  const url = await startServer({ storage, label: 'sqlite:./decisions.sqlite', port: 0, signal })
  const mix = mixStorage({ default: storage, idempotency: memoryStorage(), escalation: memoryStorage() })
  const mixUrl = await startServer({ storage: mix, label: './store.mjs', port: 0, signal })
  await using chromium = await startChromium()
  for (const [name, view, colorScheme, viewport] of PICTURES) {
    const context = await chromium.browser.newContext({ colorScheme, viewport })
    const page = await context.newPage()
    await page.goto(`${name === 'mix' ? mixUrl : url}#/${view}`)
    await page.locator('main table, main .timeline').first().waitFor()
    while ((await page.locator('.loading').count()) > 0) await page.waitForTimeout(20)
    await page.screenshot({ path: path.join(DOCS, `${name}.png`) })
    await context.close()
  }
} finally {
  ended.abort()
  rmSync(folder, { recursive: true, force: true })
}

/** What an operator wants to see: the example itself leaves nothing open. */
async function leaveOpen(storage: StorageHandle): Promise<void> {
  const { context, decisionAudit, escalation, idempotency, intentRetry, lifecycle, resourceLock, saga } =
    storage
  const details = (amount: number): object => ({ details: { amount, symbol: 'SPX' } })
  for (const [dfid, agentId, amount] of [
    ['trade-4711', 'momentum', 41_000],
    ['trade-4712', 'rebalance', 12_500],
    ['trade-4713', 'reversion', 8_000.25],
  ] as const) {
    await lifecycle.transition(dfid, null, 'PROPOSED')
    await decisionAudit.record(dfid, 'proposed', { agentId, stepId: 'open', ...details(amount) })
    await storage.atomically((batch) => {
      batch.resourceLock.acquire(dfid, { cash: amount, [`book:${agentId}`]: amount }, 0)
      batch.decisionAudit.record(dfid, 'capital_reserved', { agentId, stepId: 'reserve', ...details(amount) })
      batch.lifecycle.transition(dfid, 'PROPOSED', 'RESERVED')
    })
  }
  await context.setSession(
    'trade-4712',
    '{"findings": {"contract": "ok", "market": "wild day"}, "amount": 12500}',
  )
  await intentRetry.setCount('trade-4712', 1)
  for (const [dfid, leaseSec] of [
    ['trade-4711', 3_600],
    ['trade-4712', 0.001],
  ] as const)
    await idempotency.claim(`${dfid}:order`, { leaseSec, dfid, stepId: 'execute' })
  await saga.markDirty('trade-4712', 'hedge', '{"placed": ["entry"], "refused": ["hedge"]}')
  await resourceLock.acquire('trade-4714', { 'book:rebalance': 3_000 }, 0, { leaseSec: 900 })
  for (const [dfid, agentId, amount] of [
    ['trade-4712', 'rebalance', 12_500],
    ['trade-4715', 'momentum', 90_000],
    ['trade-4716', 'rebalance', 84_000],
  ] as const) {
    const [contextJson, proposalJson] = ['{"limit": 60000}', JSON.stringify({ buy: amount, symbol: 'SPX' })]
    const reason = amount > 60_000 ? 'above the limit' : 'refused hedge on a wild day'
    await decisionAudit.record(dfid, 'escalated', { agentId, stepId: 'review', ...details(amount) })
    await escalation.insertRequest({
      dfid,
      agentId,
      reason,
      impact: `${amount} dollars`,
      contextJson,
      proposalJson,
    })
  }
}
