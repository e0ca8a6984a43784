// `npm run load -- BACKEND [PART ...] [--small]`: see README.md.
import { parseArgs } from 'node:util'
import { isGood, render } from './figures.ts'
import { partsOf, runPart } from './parts.ts'
import { FULL, SMALL } from './scale.ts'
import { BACKENDS, openStore } from './store.ts'

const [partNames = []] = BACKENDS.map(partsOf)

function usage(complaint: string): never {
  console.error(
    `${complaint}\nUsage: npm run load -- ${BACKENDS.join('|')} [${partNames.join('] [')}] [--small]`,
  )
  process.exit(2)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { small: { type: 'boolean', default: false } },
})
const backend = BACKENDS.find((name) => name === positionals[0]) ?? usage('Which backend?')
const its = partsOf(backend)
const unknown = positionals.slice(1).filter((one) => !its.some((name) => name === one))
if (unknown.length > 0) usage(`There is no part ${unknown.join(', ')} on ${backend}.`)
const parts = its.filter((name) => positionals.length === 1 || positionals.includes(name))

const store = await openStore(backend)
// Ctrl-C ends this process at once; what stands guard over each store ends it then.
try {
  for (const part of parts) {
    const begun = performance.now()
    const figures = await runPart(part, store, values.small ? SMALL : FULL)
    console.log(render(backend, figures, (performance.now() - begun) / 1_000))
    if (!isGood(figures)) process.exitCode = 1
  }
} catch (error) {
  console.error(`FAIL ${backend}: the load broke off.`, error)
  process.exitCode = 1
} finally {
  await store.stop()
}
