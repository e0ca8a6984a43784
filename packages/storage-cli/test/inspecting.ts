import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { type TestContext, afterAll, expect, onTestFinished } from 'vitest'
import { NoServerError } from '../../../scripts/servers/index.ts'
import { orSkip } from '../../../scripts/servers/live.ts'
import { startServer } from '../src/inspect/server.ts'

/** The path of a Chromium, where the one of the dependencies is not for this machine. */
const BROWSER = 'STORAGE_CHROMIUM'

let launched: Promise<Browser> | undefined
let unpacked: string | undefined

afterAll(async () => {
  await launched?.then(
    (browser) => browser.close(),
    () => undefined,
  )
  if (unpacked !== undefined) await rm(unpacked, { recursive: true, force: true })
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
  const browser = await orSkip(context, (launched ??= launch()))
  const opened = await browser.newContext(look)
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

async function launch(): Promise<Browser> {
  const executablePath = process.env[BROWSER] ?? (await unpack())
  // not its own list of options, which would switch off what the page is protected by
  return playwright.launch({ executablePath, args: ['--no-sandbox', '--no-zygote'], headless: true })
}

/** Into a folder of its own: it would take what another process is still unpacking for complete. */
async function unpack(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NoServerError('A browser', `name a Chromium by ${BROWSER}`)
  unpacked = await mkdtemp(path.join(tmpdir(), 'dir-storage-chromium-'))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = unpacked
  try {
    chromium.setGraphicsMode = false
    return await chromium.executablePath()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

/** Waits until the page shows all that it asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await expect.poll(() => page.locator('.loading').count()).toBe(0)
}
