import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../scripts/toolchain.mjs'
import { run } from './published/workshop.ts'

/** The code of a section of the README. The quick start is tested as it is installed: see published. */
function sampleOf(section: string): string {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const [, text = ''] = readme.split(`## ${section}\n`)
  return /```ts\n(.*?)```/s.exec(text)?.[1] ?? ''
}

const SHOWN = [
  ['What a human decided', 'APPROVED head-of-desk { buy: 60 }\n'],
  ['Old data', '0 {}\n0\n0\n'],
] as const

test.each(SHOWN)('%s: shown as the README says', async (section, stdout) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-readme-'))
  try {
    mkdirSync(path.join(folder, 'node_modules'))
    symlinkSync(path.join(root, 'node_modules/@dir'), path.join(folder, 'node_modules/@dir'), 'junction')
    const options = ['--conditions=@dir/source', '--input-type=module-typescript']
    const given = [...options, '--eval', sampleOf(section)]
    expect(await run(process.execPath, given, folder)).toEqual({ code: 0, stdout, stderr: '' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
