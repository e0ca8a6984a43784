import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'
import { NoServerError } from '../../../scripts/servers/index.ts'

/** The path of a Chromium, where the one of the dependencies is not for this machine. */
const BROWSER = 'STORAGE_CHROMIUM'

export interface Chromium extends AsyncDisposable {
  readonly browser: Browser
}

/** Starts a browser. */
export async function startChromium(): Promise<Chromium> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dir-storage-chromium-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const executablePath = process.env[BROWSER] ?? (await unpack(folder))
    // not the options that come with it, which would switch off what the page is protected by
    const args = ['--no-sandbox', '--no-zygote']
    const browser = await playwright.launch({ executablePath, args, headless: true })
    const close = async (): Promise<void> => {
      await browser.close()
      await remove()
    }
    return { browser, [Symbol.asyncDispose]: close }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Into a folder of its own: it would take what another process is still unpacking for complete. */
async function unpack(folder: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NoServerError('A browser', `name a Chromium by ${BROWSER}`)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  try {
    chromium.setGraphicsMode = false
    return await chromium.executablePath()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}
