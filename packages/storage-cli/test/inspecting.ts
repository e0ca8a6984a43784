import type { StorageHandle } from '@dir/storage-core'
import type { Page } from 'playwright-core'
import { type TestContext, afterAll, expect, onTestFinished } from 'vitest'
import { orSkip } from '../../../scripts/servers/live.ts'
import { startServer } from '../src/inspect/server.ts'
import { type Chromium, startChromium } from './chromium.ts'

/** Only what hangs takes so long. */
const SLOWEST_MS = 120_000

export const LARGE = { width: 1280, height: 800 }
export const SMALL = { width: 390, height: 844 }

let started: Promise<Chromium> | undefined

afterAll(async () => {
  await started?.then(
    (chromium) => chromium[Symbol.asyncDispose](),
    () => undefined,
  )
})

/** Shows a store on the page until the end of the test. @returns its address. */
export async function inspecting(storage: StorageHandle, label = 'memory'): Promise<string> {
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  return startServer({ storage, label, port: 0, signal: ended.signal })
}

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly viewport?: { readonly width: number; readonly height: number }
}

/** A page of a real browser. A test in which it complains fails. */
export async function open(context: TestContext, url: string, look: Look = {}): Promise<Page> {
  const { browser } = await orSkip(context, (started ??= startChromium()))
  const opened = await browser.newContext(look)
  opened.setDefaultTimeout(SLOWEST_MS)
  const complaints: string[] = []
  onTestFinished(async () => {
    await opened.close()
    expect(complaints).toEqual([])
  })
  const page = await opened.newPage()
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (message) => {
    const isFailure = message.text().includes('503 (Service Unavailable)')
    if (['error', 'warning'].includes(message.type()) && !isFailure) complaints.push(message.text())
  })
  await page.goto(url)
  return page
}

/** Waits until the page shows all that it asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await eventually(() => page.locator('.loading').count()).toBe(0)
}

/** Nothing of the page is beyond its right edge. */
export async function fits(page: Page): Promise<void> {
  const { width } = page.viewportSize() ?? { width: 0 }
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
}

/** An expectation that is asked again until it holds, or nothing comes of it. */
export function eventually<T>(value: () => Promise<T>) {
  return expect.poll(value, { timeout: SLOWEST_MS })
}
