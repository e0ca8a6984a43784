import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type ServerName } from '../../scripts/servers/index.ts'
import { root } from '../../scripts/toolchain.mjs'
import { compile, node, nodeOrSkip, noTypes } from './consuming.ts'
import { type Consumer, run, Workshop } from './workshop.ts'

// What a user gets: each published package alone in an empty npm project, on plain Node.

/** The types of `ioredis` and `mongodb` are made of Node's; the others get along without. */
const nodeTypes = ['--typeRoots', path.join(root, 'node_modules/@types'), '--types', 'node']
/** Until 22.13, Node says that to require a module is an experiment. */
const quiet = ['--disable-warning=ExperimentalWarning']

const drivers = ['better-sqlite3', 'ioredis', 'mongodb', 'pg']

function script(load: string, open: string): string {
  return `${load}
async function main() {
  const storage = ${open}
  await storage.init()
  await storage.intentRetry.setCount('flow', 1)
  console.log(await storage.intentRetry.getCount('flow'))
  await storage.close()
}
main()
`
}

/** The `open` of a networked backend, on the server that runs for these tests. */
function onServer(factory: string, server: ServerName) {
  const { url, missing } = inject('servers')[server]
  return { factory, open: `${factory}(${JSON.stringify({ url, namespace: 'consumers' })})`, missing }
}

let workshop: Workshop

beforeAll(async () => {
  workshop = await Workshop.open()
})

afterAll(() => workshop?.close())

const backends = [
  {
    name: '@dir/storage-memory',
    factory: 'memoryStorage',
    open: 'memoryStorage()',
    missing: null,
    brings: [],
    types: noTypes,
    ...node,
  },
  {
    name: '@dir/storage-sqlite',
    factory: 'sqliteStorage',
    open: `sqliteStorage('decisions.db')`,
    missing: null,
    brings: ['better-sqlite3'],
    types: noTypes,
    // The driver would end the process without a word.
    engines: '^22.14 || ^23.6 || >=24',
    runsOn: ['22.14', '23.6', '24'],
    refuses: ['20', '22.12'],
  },
  {
    name: '@dir/storage-postgres',
    ...onServer('postgresStorage', 'postgres'),
    brings: ['@types/pg', 'pg'],
    types: noTypes,
    ...node,
  },
  {
    name: '@dir/storage-redis',
    ...onServer('redisStorage', 'redis'),
    brings: ['ioredis'],
    types: nodeTypes,
    ...node,
  },
  {
    name: '@dir/storage-mongo',
    ...onServer('mongoStorage', 'mongo'),
    brings: ['mongodb'],
    types: nodeTypes,
    ...node,
  },
]

describe.each(backends)(
  '$name alone',
  ({ name, factory, open, missing, brings, types, engines, runsOn, refuses }) => {
    let consumer: Consumer

    beforeAll(async () => {
      consumer = await workshop.install(name)
    })

    it('asks for the contract and its own driver, and brings nothing of the others', async () => {
      const packages = await consumer.packages()
      expect(packages.get(name)).toEqual(['@dir/storage-core', ...brings])
      const ours = [...packages.keys()].filter((one) => one.startsWith('@dir/') || drivers.includes(one))
      expect(ours.sort()).toEqual([
        '@dir/storage-core',
        name,
        ...brings.filter((one) => drivers.includes(one)),
      ])
    })

    it('has types that a strict project accepts', async () => {
      const source = `import { ${factory} } from '${name}'
export const count: Promise<number> = ${open}.intentRetry.getCount('flow')
`
      const outcome = await consumer.run([process.execPath, ...compile, ...types], 'typed.mts', source)
      expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
    })

    it('says on which Node it runs', async () => {
      const manifest = (await consumer.manifest(name)) as { readonly engines: unknown }
      expect(manifest.engines).toEqual({ node: engines })
    })

    describe.each(runsOn)('on Node %s', (version) => {
      it('is imported, writes, reads and closes', async (context) => {
        if (missing !== null) return context.skip(missing)
        const source = script(`import { ${factory} } from '${name}'`, open)
        const outcome = await consumer.run([nodeOrSkip(context, version)], 'probe.mjs', source)
        expect(outcome).toEqual({ code: 0, stdout: '1\n', stderr: '' })
      })

      it('is required, writes, reads and closes', async (context) => {
        if (missing !== null) return context.skip(missing)
        const source = script(`const { ${factory} } = require('${name}')`, open)
        const outcome = await consumer.run([nodeOrSkip(context, version), ...quiet], 'probe.cjs', source)
        expect(outcome).toEqual({ code: 0, stdout: '1\n', stderr: '' })
      })
    })

    it.for(refuses)('refuses Node %s in one line', async (version, context) => {
      const node = nodeOrSkip(context, version)
      const source = script(`import { ${factory} } from '${name}'`, open)
      const { code, stdout, stderr } = await consumer.run([node], 'probe.mjs', source)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`Error: ${name} needs Node ${runsOn[0]} or newer`)
    })
  },
)

describe('@dir/storage-conformance alone', () => {
  let consumer: Consumer

  beforeAll(async () => {
    consumer = await workshop.install('@dir/storage-conformance')
  })

  it('brings no test framework and no backend, and its command explains itself', async () => {
    expect([...(await consumer.packages()).keys()]).toEqual([
      '@dir/storage-conformance',
      '@dir/storage-core',
      'fast-check',
      'pure-rand',
    ])
    const command = path.join('node_modules', '.bin', 'dir-storage-conformance')
    const help = await run(command, ['--help'], consumer.folder)
    expect({ ...help, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(help.stdout).toContain('dir-storage-conformance')
  })

  it.for(['conformance', 'core'])(
    'and @dir/storage-%s refuses Node 20 in one line',
    async (name, context) => {
      const node = nodeOrSkip(context, '20')
      const { code, stderr } = await consumer.run([node], 'old.mjs', `import '@dir/storage-${name}'`)
      expect(code).toBe(1)
      expect(stderr).toContain(`Error: @dir/storage-${name} needs Node 22.12 or newer`)
    },
  )
})
