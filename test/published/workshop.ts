import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root, windows } from '../../scripts/toolchain.mjs'

/** What a finished process left behind. `code` is a number, or the name of the signal that ended it. */
export interface Outcome {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  // The workspace's conditions and packages must not reach a consumer: it has to find dist, as an installed package does.
  const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' }
  const shell = windows && !path.isAbsolute(command)
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, shell }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.signal ?? error.code ?? 1) : 0, stdout, stderr })
    })
  })
}

async function runOrThrow(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, cwd)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`)
}

/** A temporary folder with the tarballs of all published packages, and the consumer projects made from them. */
export class Workshop {
  readonly #folder: string
  readonly #overrides: Readonly<Record<string, string>>

  private constructor(folder: string, overrides: Readonly<Record<string, string>>) {
    this.#folder = folder
    this.#overrides = overrides
  }

  static async open(): Promise<Workshop> {
    const folder = await mkdtemp(path.join(tmpdir(), 'dir-storage-'))
    const filters = ['--filter', './packages/*', '--filter', './conformance']
    await runOrThrow('pnpm', [...filters, '-r', 'pack', '--pack-destination', folder], root)
    const tarballs = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
    const overrides = tarballs.map((file) => [packageName(file), `file:${path.join(folder, file)}`])
    return new Workshop(folder, Object.fromEntries(overrides))
  }

  /** Installs another package of ours in a consumer's project. */
  async add({ folder }: Consumer, name: string): Promise<void> {
    const tarball = this.#overrides[name] ?? ''
    const file = path.join(folder, 'package.json')
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest
    const { [name]: _, ...overrides } = manifest.overrides
    const dependencies = { ...manifest.dependencies, [name]: tarball }
    await writeFile(file, JSON.stringify({ ...manifest, dependencies, overrides }))
    await npmInstall(folder)
  }

  /** An empty npm project that depends on one package only; the siblings it needs come from their tarballs. */
  async install(name: string): Promise<Consumer> {
    const folder = path.join(this.#folder, name.replace('/', '-'))
    await mkdir(folder)
    const { [name]: tarball, ...siblings } = this.#overrides
    const manifest = { private: true, dependencies: { [name]: tarball }, overrides: siblings }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest))
    await npmInstall(folder)
    if (!existsSync(path.join(folder, 'node_modules', name, 'dist')))
      throw new Error(`${name} is not built: run \`npm run with -- turbo run build\` first`)
    return new Consumer(folder)
  }

  /** A project that depends on these packages of ours and on others, installed by pnpm, where each sees only what it names. */
  async installByPnpm(
    names: readonly string[],
    others: Readonly<Record<string, string>> = {},
  ): Promise<Consumer> {
    const folder = await mkdtemp(path.join(this.#folder, 'pnpm-'))
    const ours = Object.fromEntries(names.map((name) => [name, this.#overrides[name]]))
    const manifest = { private: true, dependencies: { ...ours, ...others } }
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest))
    // JSON is YAML too
    await writeFile(path.join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: this.#overrides }))
    await runOrThrow('pnpm', ['install', '--prefer-offline'], folder)
    return new Consumer(folder)
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly overrides: Readonly<Record<string, string>>
}

function npmInstall(folder: string): Promise<void> {
  return runOrThrow('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], folder)
}

function packageName(tarball: string): string {
  return tarball.replace(/^dir-(.*)-\d+\.\d+\.\d+.*\.tgz$/, '@dir/$1')
}

export class Consumer {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Every installed package, with the names of those that it asks for. */
  async packages(): Promise<ReadonlyMap<string, readonly string[]>> {
    const lockfile = await readFile(path.join(this.folder, 'node_modules', '.package-lock.json'), 'utf8')
    const { packages } = JSON.parse(lockfile) as { packages: Record<string, { dependencies?: object }> }
    const entries = Object.entries(packages).map(
      ([key, { dependencies = {} }]) =>
        [key.replace('node_modules/', ''), Object.keys(dependencies)] as const,
    )
    return new Map(entries)
  }

  /** The `package.json` of an installed package. */
  async manifest(name: string): Promise<unknown> {
    return JSON.parse(await readFile(path.join(this.folder, 'node_modules', name, 'package.json'), 'utf8'))
  }

  /** Writes `source` to a file of that name and runs `command` on it there. */
  async run(command: readonly [string, ...string[]], file: string, source: string): Promise<Outcome> {
    await writeFile(path.join(this.folder, file), source)
    const [program, ...options] = command
    return run(program, [...options, file], this.folder)
  }
}
