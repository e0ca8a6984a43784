import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { mixStorage } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { inspecting, open, settled } from './inspecting.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const LARGE = { width: 1280, height: 800 }
const SMALL = { width: 390, height: 844 }

const LONGEST_ID = 512

/** A name for each view, as navigation has it, and a heading. */
const VIEWS = [
  ['Overview', 'What stands open now'],
  ['Flows', 'Flows'],
  ['Capital', 'Capital'],
  ['Requests', 'Requests'],
  ['Claims', 'Claims'],
  ['Dirty flows', 'Dirty flows'],
  ['Agents', 'Agents'],
  ['Log', 'Log'],
  ['Store', 'Store'],
] as const

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

async function isAccessible(page: Page): Promise<void> {
  // not as a script of the page, which allows none but its own
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
}

async function fits(page: Page): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 }
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
}

for (const [colorScheme, viewport] of [
  ['light', LARGE],
  ['dark', SMALL],
] as const)
  test(`each view is shown and accessible, ${colorScheme}, ${viewport.width} wide`, async (context) => {
    const page = await open(context, await inspecting(storage), { colorScheme, viewport })
    const views = page.getByRole('navigation', { name: 'Views' })
    for (const [name, heading] of VIEWS) {
      await views.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor()
      await settled(page)
      expect(await views.locator('[aria-current=page]').textContent()).toBe(name)
      expect(await page.title()).toContain(name)
      await fits(page)
      await isAccessible(page)
    }
    await views.getByRole('link', { name: 'Requests' }).click()
    await page.getByRole('link', { name: 'c', exact: true }).click()
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.getByText('record', { exact: true }).first().click()
    await fits(page)
    await isAccessible(page)
  })

describe('by keyboard alone', () => {
  test('one gets from the overview to the story of a flow, and back', async (context) => {
    const page = await open(context, await inspecting(storage))
    await settled(page)
    await page.keyboard.press('Tab')
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Dirty flows')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Dirty flows', level: 1 }).waitFor()
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('content')
    await settled(page)
    await tabTo(page, 'b')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'b', level: 1, exact: true }).waitFor()
    await settled(page)
    await tabTo(page, 'record')
    await page.keyboard.press('Enter')
    await page.locator('details[open] pre').waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Dirty flows', level: 1 }).waitFor()
  })

  test('one goes to a flow by its id', async (context) => {
    const page = await open(context, await inspecting(storage))
    await page.getByRole('textbox', { name: 'Flow' }).focus()
    await page.keyboard.type('flow 1')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'flow 1', level: 1 }).waitFor()
    await page.getByText('E3').waitFor()
  })
})

const FOCUSED = `({
  text: document.activeElement.textContent,
  outline: getComputedStyle(document.activeElement).outlineStyle,
})`

/** Goes on until something with this text has the focus, which can be seen there. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<{ text: string; outline: string }>(FOCUSED)
    if (!focused.text.includes(text)) continue
    expect(focused.outline).toBe('solid')
    return
  }
  expect.fail(`no focus reached ${text}`)
}

describe('the log', () => {
  const events = (page: Page): Promise<string[]> => page.locator('tbody td:nth-child(4)').allTextContents()

  test('is filtered, and the address says how', async (context) => {
    const page = await open(context, `${await inspecting(storage)}#/log`)
    await expect.poll(() => events(page)).toEqual(['E4', 'E3', 'E2', 'E1', 'E0'])
    await page.getByLabel('Flow', { exact: true }).last().fill('flow 1')
    await page.getByRole('button', { name: 'Filter' }).click()
    await expect.poll(() => events(page)).toEqual(['E3', 'E1'])
    expect(new URL(page.url()).hash).toBe('#/log?flow=flow+1')
    await page.getByRole('link', { name: 'E1' }).click()
    await expect.poll(() => events(page)).toEqual(['E1'])
    await page.goBack()
    await expect.poll(() => events(page)).toEqual(['E3', 'E1'])
    await page.getByLabel('Until (UTC)').fill('2000-01-01T00:00:00')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing is found.').waitFor()
    await page.getByRole('link', { name: 'Clear' }).click()
    await expect.poll(() => events(page)).toHaveLength(5)
  })

  test('shows what is recorded meanwhile; paused it does not, and then it goes on with all of it', async (context) => {
    const { decisionAudit } = storage
    const page = await open(context, `${await inspecting(storage)}#/log?flow=flow+1`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('tbody tr').last().locator('summary').click()
    await decisionAudit.record('flow 1', 'LATER')
    await decisionAudit.record('flow 2', 'OTHER')
    await expect.poll(() => events(page)).toEqual(['LATER', 'E3', 'E1'])
    // a row that was opened stays open, though others came above it
    expect(await page.locator('tbody tr').last().locator('details').getAttribute('open')).toBe('')
    await expect.poll(() => page.getByRole('status').textContent()).toBe('1 new event')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).first().waitFor()
    await decisionAudit.recordMany(['A', 'B'].map((event) => ({ dfid: 'flow 1', event })))
    expect(await events(page)).toEqual(['LATER', 'E3', 'E1'])
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect.poll(() => events(page)).toEqual(['B', 'A', 'LATER', 'E3', 'E1'])
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
