import { copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { root } from '../../scripts/toolchain.mjs'
import { type Consumer, Workshop } from './workshop.ts'

// What the README promises to whoever follows it: by pnpm, which lets a project see only what it names.

const everythingRequired = process.env['STORAGE_REQUIRE'] === 'all'
let workshop: Workshop
let readme: string

beforeAll(async () => {
  workshop = await Workshop.open()
  readme = await readFile(path.join(root, 'README.md'), 'utf8')
})

afterAll(() => workshop?.close())

function quickStart(): { readonly packages: readonly string[]; readonly source: string } {
  const [, section = ''] = readme.split('## Quick start')
  const [, install = ''] = /^npm install (.*)$/m.exec(section) ?? []
  const [, source = ''] = /```ts\n(.*?)```/s.exec(section) ?? []
  return { packages: install.split('#')[0]?.trim().split(' ') ?? [], source }
}

it('the quick start runs with what it says must be installed', async () => {
  const { packages, source } = quickStart()
  const consumer = await workshop.installByPnpm(packages)
  const outcome = await consumer.run([process.execPath], 'quick-start.mts', source)
  expect(outcome).toEqual({ code: 0, stdout: '1 RESERVED { price: 101.25, shares: 2 }\n', stderr: '' })
})

const SOURCE = `import { mixStorage, runOnce } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { mongoStorage } from '@dir/storage-mongo'
import { postgresStorage } from '@dir/storage-postgres'
import { redisStorage } from '@dir/storage-redis'
import { sqliteStorage } from '@dir/storage-sqlite'

const storage = memoryStorage()
export const count: Promise<number> = storage.intentRetry.getCount('flow')
export const result: Promise<object> = runOnce(storage.idempotency, 'k', { leaseSec: 3 }, () => ({ n: 1 }))
interface Fill { readonly price: number }
const order = (signal: AbortSignal): Fill => (signal.throwIfAborted(), { price: 101.25 })
export const fill: Promise<Fill> = runOnce(storage.idempotency, 'fill', { leaseSec: 3 }, order)
export const others = [mongoStorage(''), postgresStorage(''), redisStorage(''), sqliteStorage(''), mixStorage({ default: storage })]
// @ts-expect-error -- types that are not found would be any
export const wrong: Promise<string> = storage.intentRetry.getCount('flow')
`
const MODULES = {
  nodenext: ['--module', 'nodenext'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
}

describe('the types of all packages, and the agent that uses them', () => {
  const backends = ['memory', 'mongo', 'postgres', 'redis', 'sqlite']
  const agent = path.join(root, 'examples/refund-agent/src/agent.ts')
  let consumer: Consumer

  beforeAll(async () => {
    const names = ['core', ...backends].map((name) => `@dir/storage-${name}`)
    consumer = await workshop.installByPnpm(names, { '@types/node': '22', zod: '4' })
    await copyFile(agent, path.join(consumer.folder, 'agent.mts'))
  })

  it('says from which TypeScript on they are for', () => {
    expect(readme.replaceAll(/\s+/g, ' ')).toContain(
      "TypeScript 5.2 or newer, by `module` nodenext or `moduleResolution` bundler; what the drivers' types ask for is 5.7, or `skipLibCheck`",
    )
  })

  it.for([
    ['5.2', 'nodenext', ['--skipLibCheck']],
    ['5.2', 'bundler', ['--skipLibCheck']],
    ['5.7', 'nodenext', []],
    ['5.7', 'bundler', []],
  ] as const)('are for TypeScript %s, by %s', async ([version, kind, more], context) => {
    const tsc = await typescriptOrSkip(context, version)
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable']
    const command = [process.execPath, tsc, ...options, ...MODULES[kind], ...more, 'agent.mts'] as const
    const outcome = await consumer.run(command, 'types.mts', SOURCE)
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

/** TypeScript's compiler of that version, or the end of the test. */
async function typescriptOrSkip(context: TestContext, version: string): Promise<string> {
  try {
    const { folder } = await workshop.installByPnpm([], { typescript: version })
    return path.join(folder, 'node_modules/typescript/bin/tsc')
  } catch (error) {
    if (everythingRequired) throw error
    const note = `not tried with TypeScript ${version}: ${(error as Error).message}`
    console.warn(note)
    return context.skip(note)
  }
}
