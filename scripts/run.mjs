#!/usr/bin/env node
// `npm start` and `npm test` on a machine that has only Node 18 (or later) and npm: brings the Node and the pnpm
// of this project, installs its dependencies, then runs the job. Standard library only.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fetchNode, fetchPnpm, root, ToolchainError, tools, windows } from './toolchain.mjs'

const [job, ...args] = process.argv.slice(2)
const summary = path.join(tools, 'summary.txt')
const source = ['--conditions=@dir/source', '--disable-warning=ExperimentalWarning']

/** Each job is a list of steps: what it is called, and its command line. */
const jobs = {
  start: [['the example', ['node', ...source, 'examples/decision-day/src/main.ts', '--keep', ...args]]],
  test: [
    ['build', ['turbo', 'run', 'build', '--output-logs=errors-only']],
    ['type check', ['tsc', '-p', 'tsconfig.json']],
    ['lint', ['oxlint', '--type-aware']],
    ['format check', ['oxfmt', '--check']],
    ['structure check', ['node', 'scripts/structure.mjs']],
    ['package check', ['turbo', 'run', 'pkgcheck', '--output-logs=errors-only']],
    ['tests', ['vitest', 'run', ...args]],
  ],
  with: [['the command', args]],
}

if (!jobs[job] || (job === 'with' && args.length === 0)) {
  console.error(
    'Usage: node scripts/run.mjs start [options] | test [vitest options] | with COMMAND [ARGUMENTS]',
  )
  process.exit(2)
}

try {
  rmSync(summary, { force: true })
  ensureHome()
  const { node, pnpm } = prepareTools()
  const env = environment(node)
  // to change the lockfile, pnpm must be let in before the lockfile is right
  if (job !== 'with' || args[0] !== 'pnpm') installDependencies(node, pnpm, env)
  for (const [name, command] of jobs[job]) runStep(name, command, node, env)
} catch (error) {
  if (!(error instanceof ToolchainError)) throw error
  fail(`The tools of this project are not complete. ${error.message}`, 1)
}

/** npm and pnpm keep their caches in the home folder; a user of a container often has none. */
function ensureHome() {
  try {
    accessSync(homedir(), constants.W_OK)
  } catch {
    process.env.HOME = path.join(tools, 'home')
    delete process.env.npm_config_cache // points into the home that is not there
    mkdirSync(process.env.HOME, { recursive: true })
  }
}

function prepareTools() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const version = packageManager.replace('pnpm@', '')
  const [major, minor] = process.versions.node.split('.').map(Number)
  const canRunTypeScript = major >= 24 || (major === 22 && minor >= 18)
  const why = `this machine's Node ${process.versions.node} cannot run TypeScript directly; kept in .toolchain/`
  const node = canRunTypeScript ? process.execPath : fetchNode(24, why)
  const pnpm = fetchPnpm(version, 'installs the dependencies; kept in .toolchain/')
  return { node, pnpm: writeLauncher(node, pnpm) }
}

/** A `pnpm` command on the PATH, for turbo and for tests that pack packages. */
function writeLauncher(node, pnpm) {
  const bin = path.join(tools, 'bin')
  mkdirSync(bin, { recursive: true })
  if (windows) writeFileSync(path.join(bin, 'pnpm.cmd'), `@"${node}" "${pnpm}" %*\r\n`)
  else writeFileSync(path.join(bin, 'pnpm'), `#!/bin/sh\nexec "${node}" "${pnpm}" "$@"\n`, { mode: 0o755 })
  return pnpm
}

function environment(node) {
  const own = [path.join(root, 'node_modules', '.bin'), path.join(tools, 'bin'), path.dirname(node)]
  return {
    ...process.env,
    PATH: [...own, process.env.PATH].join(path.delimiter),
    SUMMARY_FILE: summary,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    // tests and the example start many processes, which then need not compile the same files again
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(tools, 'compile-cache'),
  }
}

function installDependencies(node, pnpm, env) {
  const first = !existsSync(path.join(root, 'node_modules', '.modules.yaml'))
  if (first) console.log('Installing the dependencies that pnpm-lock.yaml lists (5 to 20 s the first time).')
  const options = ['--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']
  const result = spawnSync(node, [pnpm, 'install', ...options], { cwd: root, stdio: 'inherit', env })
  if (result.status === 0) return
  throw new ToolchainError('pnpm could not install the dependencies; its own message is above.')
}

function runStep(name, [command, ...rest], node, env) {
  if (job === 'test') console.log(`\n> ${name}: ${[command, ...rest].join(' ')}`)
  const inNode = command === 'node'
  const options = { cwd: root, stdio: 'inherit', env, shell: windows && !inNode }
  const result = spawnSync(inNode ? node : command, rest, options)
  if (result.status === 0) return
  if (job !== 'test' && !result.error) process.exit(result.status ?? 1)
  const end = result.error?.message ?? result.signal ?? `exit code ${result.status}`
  fail(`The step "${name}" failed (${end}); its messages are above.`, result.status ?? 1)
}

function fail(message, code) {
  // Vitest's own report has ended with its counts already, unless it could not even start.
  if (existsSync(summary)) process.exit(code)
  console.error(`\n${message}`)
  if (job === 'test') console.log('0 passed, 1 failed, 0 skipped')
  process.exit(code)
}
