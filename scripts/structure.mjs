// Checks the promises about layout that no linter knows: a protocol has the same file name everywhere, and no
// source file is too long to read in one go.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './toolchain.mjs'

const longest = 200
const protocols = [
  'agent-registry',
  'context',
  'idempotency',
  'decision-audit',
  'saga',
  'resource-lock',
  'intent-retry',
  'escalation',
  'lifecycle',
]

const find = (pattern) => globSync(pattern, { cwd: root }).map((file) => file.replaceAll('\\', '/'))

const core = 'packages/storage-core'
const backends = find('packages/storage-*').filter((folder) => folder !== core)
const folders = [
  `${core}/src/protocols`,
  ...backends.map((folder) => `${folder}/src`),
  'conformance/src/scenarios',
]
const missing = folders
  .flatMap((folder) => protocols.map((protocol) => `${folder}/${protocol}.ts`))
  .filter((file) => !existsSync(path.join(root, file)))
  .map((file) => `${file} is missing: every backend and the suite have one file per protocol`)

const sources = find('{packages/*,conformance,examples/*,bench}/src/**/*.ts').concat(
  find('test/**/*.ts'),
  find('scripts/**/*.{mjs,ts}'),
)
const tooLong = sources
  .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > longest)
  .map(({ file, lines }) => `${file} has ${lines} lines: split it by meaning, ${longest} are the limit`)

const problems = [...missing, ...tooLong]
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else
  console.log(`${folders.length} folders with ${protocols.length} protocol files, ${sources.length} sources`)
