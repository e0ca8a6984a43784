import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { memoryStorage } from '@dir/storage-memory'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { LARGE, SMALL, fits, inspecting, open, settled } from './inspecting.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

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

let storage = memoryStorage()

beforeEach(async () => {
  storage = memoryStorage()
  await fill(storage)
})

async function isAccessible(page: Page): Promise<void> {
  // not as a script of the page, which allows none but its own
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
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
