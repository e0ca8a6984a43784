// Checks the promises about layout that no linter knows: a protocol has the same file name everywhere, imports go in
// one direction, and no source file is too long to read in one go.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { circles, importsOf } from './imports.mjs'
import { root } from './toolchain.mjs'

const longest = 200
const core = 'packages/storage-core'

const read = (file) => readFileSync(path.join(root, file), 'utf8')
const find = (pattern) => globSync(pattern, { cwd: root }).map((file) => file.replaceAll('\\', '/'))

/** A protocol's file is named after it, wherever protocols are registered: in core, once. */
const registered = /const registered = \{([^}]*)\}/.exec(read(`${core}/src/protocols/index.ts`))?.[1] ?? ''
const protocols = registered
  .split(',')
  .map((name) => name.trim().replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
  .filter((name) => name !== '')

/** What the suite is run on; other packages are built on top of any of them. */
const backends = find('packages/*/test/backend.ts').map((file) => path.posix.join(file, '../..'))
const folders = [
  `${core}/src/protocols`,
  ...backends.map((folder) => `${folder}/src`),
  'conformance/src/scenarios',
]
const missing = folders
  .flatMap((folder) => protocols.map((protocol) => `${folder}/${protocol}.ts`))
  .filter((file) => !existsSync(path.join(root, file)))
  .map((file) => `${file} is missing: every backend and the suite have one file per protocol`)

/** What every backend with a store outside the process has beside its protocols, under the same name. */
const alike =
  'index options driver connection errors schema migrate writes watch prune import export-page time drop-namespace'.split(
    ' ',
  )
const unlike = backends
  .filter((folder) => folder !== 'packages/storage-memory')
  .flatMap((folder) => alike.map((name) => `${folder}/src/${name}.ts`))
  .filter((file) => !existsSync(path.join(root, file)))
  .map((file) => `${file} is missing: every backend with a store outside the process has it`)

const packaged = find('{packages/*,conformance,examples/*,bench}/src/**/*.ts')
const sources = packaged.concat(find('test/**/*.ts'), find('scripts/**/*.{mjs,ts}'))
const tooLong = sources
  .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
  .filter(({ lines }) => lines > longest)
  .map(({ file, lines }) => `${file} has ${lines} lines: split it by meaning, ${longest} are the limit`)

/** The rooms of core: each imports from those before it. */
const rooms = ['errors', 'json', 'rules', 'protocols', 'adapter', 'handle', 'helpers', 'mix', 'seals']
const imports = [...importsOf(packaged)]
const inCircles = circles(imports.filter(([file]) => file.startsWith(`${core}/`))).map(
  (circle) => `${circle.join(' → ')} is an import circle`,
)
const roomOf = (file) => rooms.indexOf(path.relative(`${core}/src`, file).split(path.sep)[0])
const backwards = imports
  .filter(([file]) => roomOf(file) !== -1)
  .flatMap(([file, targets]) =>
    targets
      .filter((target) => roomOf(target) > roomOf(file) || roomOf(target) === -1)
      .map((target) => [file, target]),
  )
  .map(
    ([file, target]) => `${file} imports ${target}: core's rooms import in this order: ${rooms.join(', ')}`,
  )

const problems = [...missing, ...unlike, ...tooLong, ...inCircles, ...backwards]
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else
  console.log(
    `${folders.length} folders with ${protocols.length} protocol files, ${sources.length} sources, no import circle`,
  )
