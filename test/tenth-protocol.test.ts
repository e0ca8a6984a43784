import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../scripts/toolchain.mjs'
import { EDITS, NEW_FILES } from './tenth-protocol/steps.ts'
import { run } from './published/workshop.ts'

const COPIED = ['packages/storage-core', 'packages/storage-memory', 'conformance']
const TYPE_CHECK = {
  extends: './tsconfig.base.json',
  compilerOptions: {
    composite: false,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    customConditions: ['@dir/source'],
  },
  include: COPIED.map((folder) => `${folder}/src`).concat('packages/storage-memory/test/backend.ts'),
}

describe('a tenth protocol', { timeout: 120_000 }, () => {
  let copy: string

  const from = (file: string): string => path.join(root, file)
  const to = (file: string): string => path.join(copy, file)

  async function edit(file: string): Promise<void> {
    const lines = (await readFile(to(file), 'utf8')).split('\n')
    for (const [after, line] of EDITS[file] ?? []) {
      const at = lines.findIndex((one) => one.startsWith(after))
      if (at === -1) throw new Error(`${file} has no line that begins with ${after}`)
      lines.splice(at + 1, 0, line)
    }
    await writeFile(to(file), lines.join('\n'))
  }

  beforeAll(async () => {
    copy = await mkdtemp(path.join(tmpdir(), 'tenth-protocol-'))
    const isSource = (file: string): boolean => !/node_modules|dist|\.turbo/.test(path.relative(root, file))
    for (const file of [...COPIED, 'tsconfig.base.json', 'package.json'])
      await cp(from(file), to(file), { recursive: true, filter: isSource })
    // the workspace's packages are found in the copy, everything else where it is installed
    await cp(from('node_modules/@dir'), to('node_modules/@dir'), { recursive: true, verbatimSymlinks: true })
    for (const name of ['@types', 'fast-check', 'vitest'])
      await symlink(from(`node_modules/${name}`), to(`node_modules/${name}`), 'junction')
    for (const [file, source] of Object.entries(NEW_FILES))
      await cp(from(`test/tenth-protocol/${source}`), to(file))
    for (const file of Object.keys(EDITS)) await edit(file)
    await writeFile(to('tsconfig.json'), JSON.stringify(TYPE_CHECK))
  }, 60_000)
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('takes no more than eight files beside its own', () => {
    expect(Object.keys(EDITS).length).toBeLessThanOrEqual(8)
  })

  test('type checks', async () => {
    const tsc = from('node_modules/typescript/bin/tsc')
    expect(await run(process.execPath, [tsc, '-p', 'tsconfig.json'], copy)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })

  test('is read, written, recorded in batches and exported as any other', async () => {
    const suite = [
      '--conditions=@dir/source',
      '--disable-warning=ExperimentalWarning',
      'conformance/src/cli.ts',
    ]
    const args = [...suite, 'packages/storage-memory/test/backend.ts', '--only', 'notes']
    const { code, stdout, stderr } = await run(process.execPath, args, copy)
    expect(stdout + stderr).toContain('2 pass')
    expect(code).toBe(0)
  })
})
