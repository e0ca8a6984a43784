// `npm run faults -- BACKEND [PART ...] [--small] [--seed NUMBER] [--only TEXT]`: see README.md.
import { parseArgs } from 'node:util'
import { SERVER_NAMES } from '../../scripts/servers/index.ts'
import { PARTS, type PartName } from './parts.ts'
import { report } from './report.ts'
import { FULL, SMALL } from './scale.ts'
import { openStore } from './store.ts'

const partNames = Object.keys(PARTS) as PartName[]

function usage(complaint: string): never {
  console.error(
    `${complaint}\nUsage: npm run faults -- ${SERVER_NAMES.join('|')} [${partNames.join('] [')}] [--small] [--seed NUMBER] [--only TEXT]`,
  )
  process.exit(2)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    small: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    only: { type: 'string', default: '' },
  },
})
const backend = SERVER_NAMES.find((name) => name === positionals[0]) ?? usage('Which backend?')
const unknown = positionals.slice(1).filter((one) => !partNames.some((name) => name === one))
if (unknown.length > 0) usage(`There is no part ${unknown.join(', ')}.`)
const parts = partNames.filter((name) => positionals.length === 1 || positionals.includes(name))
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) usage('The seed is a whole number.')

console.log(`seed ${seed}`)
const store = await openStore(backend)
// Ctrl-C ends this process at once; what stands guard over the server ends it then.
try {
  for (const part of parts) {
    const begun = performance.now()
    const { only } = values
    const result = await PARTS[part](store, { ...(values.small ? SMALL : FULL), seed, only })
    const { isGood, lines } = report(backend, result, { seconds: (performance.now() - begun) / 1_000, only })
    for (const line of lines) console.log(line)
    if (!isGood) process.exitCode = 1
  }
} catch (error) {
  console.error(`FAIL ${backend}: the run broke off.`, error)
  process.exitCode = 1
} finally {
  await store.server.stop()
}
