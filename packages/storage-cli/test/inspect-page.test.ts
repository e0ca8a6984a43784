import { mixStorage } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { LARGE, SMALL, eventually, fits, inspecting, open, settled } from './inspecting.ts'

const LONGEST_ID = 512

/** What would hurt a page that takes it for markup, or that has no room for it. */
const HOSTILE = [
  `<img src=x onerror="hacked = 1">`,
  `"'>\`\${hacked = 1}</script><script>hacked = 1</script>`,
  'one\u202Eowt\u2066\n\u0007end',
  'x'.repeat(10_000),
  'javascript:hacked=1',
  '{{hacked}} %s %2e%2e/ ?id=a&id=b#c',
]

let storage = memoryStorage()

beforeEach(async () => {
  storage = memoryStorage()
  await fill(storage)
})

function address(id: string): string {
  return `flow?id=${encodeURIComponent(id)}`
}

describe('the log', () => {
  const events = (page: Page): Promise<string[]> => page.locator('tbody td:nth-child(4)').allTextContents()

  test('is filtered, and the address says how', async (context) => {
    const page = await open(context, `${await inspecting(storage)}#/log`)
    await eventually(() => events(page)).toEqual(['E4', 'E3', 'E2', 'E1', 'E0'])
    await page.getByLabel('Flow', { exact: true }).last().fill('flow 1')
    await page.getByRole('button', { name: 'Filter' }).click()
    await eventually(() => events(page)).toEqual(['E3', 'E1'])
    expect(new URL(page.url()).hash).toBe('#/log?flow=flow+1')
    await page.getByRole('link', { name: 'E1' }).click()
    await eventually(() => events(page)).toEqual(['E1'])
    await page.goBack()
    await eventually(() => events(page)).toEqual(['E3', 'E1'])
    await page.getByLabel('Until (UTC)').fill('2000-01-01T00:00:00')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing is found.').waitFor()
    await page.getByRole('link', { name: 'Clear' }).click()
    await eventually(() => events(page)).toHaveLength(5)
  })

  test('shows what is recorded meanwhile; paused it does not, and then it goes on with all of it', async (context) => {
    const { decisionAudit } = storage
    const page = await open(context, `${await inspecting(storage)}#/log?flow=flow+1`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('tbody tr').last().locator('summary').click()
    await decisionAudit.record('flow 1', 'LATER')
    await decisionAudit.record('flow 2', 'OTHER')
    await eventually(() => events(page)).toEqual(['LATER', 'E3', 'E1'])
    // a row that was opened stays open, though others came above it
    expect(await page.locator('tbody tr').last().locator('details').getAttribute('open')).toBe('')
    await eventually(() => page.getByRole('status').textContent()).toBe('1 new event')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).first().waitFor()
    await decisionAudit.recordMany(['A', 'B'].map((event) => ({ dfid: 'flow 1', event })))
    expect(await events(page)).toEqual(['LATER', 'E3', 'E1'])
    await page.getByRole('button', { name: 'Go on' }).click()
    await eventually(() => events(page)).toEqual(['B', 'A', 'LATER', 'E3', 'E1'])
  })
})

test('what agents wrote does nothing to the page', async (context) => {
  const ids = HOSTILE.map((text) => text.slice(0, LONGEST_ID))
  for (const [at, text] of HOSTILE.entries()) {
    const id = ids[at] ?? ''
    const details = { stepId: text, state: text, agentId: id, details: { text } }
    await storage.lifecycle.recordTransition(id, null, text)
    await storage.decisionAudit.record(id, text, details)
    await storage.saga.markDirty(id, text, JSON.stringify({ text }))
    await storage.resourceLock.acquire(id, { [id]: 1 }, 0)
    const [contextJson, proposalJson] = [JSON.stringify(text), JSON.stringify({ [text]: text })]
    const asked = { dfid: id, agentId: id, reason: text, impact: text, contextJson, proposalJson }
    await storage.escalation.insertRequest(asked)
  }
  const url = await inspecting(storage, HOSTILE[0])
  const page = await open(context, url, { viewport: SMALL })
  const flows = ids.map((id) => address(id))
  for (const viewport of [SMALL, LARGE]) {
    await page.setViewportSize(viewport)
    for (const view of ['overview', 'flows', 'holds', 'requests', 'dirty', 'log', ...flows]) {
      await page.goto(`${url}#/${view}`)
      await settled(page)
      await fits(page)
    }
  }
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(HOSTILE.at(-1))
  await page.goto(`${url}#/${address(HOSTILE[2] ?? '')}`)
  await page.getByRole('heading', { name: String.raw`one\u{202e}owt\u{2066}\u{a}\u{7}end` }).waitFor()
  expect(await page.locator('main img, main script').count()).toBe(0)
  expect(await page.evaluate('typeof hacked')).toBe('undefined')
})

test('where there is more than it shows, it says so and shows more', async (context) => {
  const store = memoryStorage()
  const many = Array.from({ length: 10_100 }, (_, at) => `flow ${at}`)
  await Promise.all(many.map((dfid) => store.lifecycle.recordTransition(dfid, null, 'OPEN')))
  await store.resourceLock.acquire('f', Object.fromEntries(many.slice(0, 12).map((id) => [id, 1])), 0)
  const page = await open(context, await inspecting(store))
  await page.getByText('10,000+').waitFor()
  await page.getByRole('button', { name: 'Count on' }).click()
  await page.getByText('10,100', { exact: true }).waitFor()
  const rows = page.getByRole('table', { name: 'Capital by resource' }).locator('tbody tr')
  expect(await rows.count()).toBe(10)
  await page.getByRole('button', { name: 'Show all 12' }).click()
  await eventually(() => rows.count()).toBe(12)
  await page.getByRole('link', { name: 'Flows', exact: true }).click()
  await page.getByText('The first 200', { exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByText('The first 1,000', { exact: true }).first().waitFor()
  expect(await page.locator('tbody tr').count()).toBe(1_000)
})

test('of a mix it says which guarantees are lost', async (context) => {
  const mix = mixStorage({ default: storage, decisionAudit: memoryStorage() })
  const page = await open(context, await inspecting(mix))
  await page.getByRole('link', { name: /guarantees/ }).click()
  await page.getByText('resourceLock and decisionAudit do not commit together').waitFor()
})

test('where a store fails, the page says so', async (context) => {
  const page = await open(context, `${await inspecting(storage)}#/store`)
  await page.getByRole('heading', { name: 'Lost guarantees' }).waitFor()
  await storage.close()
  await page.getByRole('link', { name: 'Capital' }).click()
  await page.getByRole('alert').getByText('STORAGE_CLOSED').waitFor()
})
