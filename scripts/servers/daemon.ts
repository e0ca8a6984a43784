import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ended, familyOf, signalAll, waitUntilStopped } from './family.ts'
import type { Home } from './home.ts'
import type { User } from './user.ts'

const START_MS = 30_000
const STOP_MS = 5_000

/** How a server is run: its command line, the line of its log that says it is ready, and where it lives. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
  /** The server's own folder: data and logs. Removed in the end. */
  readonly home: Home
  readonly readyLine: string
  /** Ends it in good order, before it is started again. */
  readonly stopSignal: NodeJS.Signals
  /** Ends it for good, when nobody needs its data any more. Default SIGKILL. */
  readonly endSignal?: NodeJS.Signals
  readonly env?: NodeJS.ProcessEnv
  readonly user?: User | undefined
  /** What must still hold after the line was logged, at each start. */
  readonly settle?: () => Promise<void>
}

/** One server process, which can be ended and started again over the same folder. */
export class Daemon {
  readonly #recipe: Recipe
  #child: ChildProcess | null = null
  #starts = 0

  constructor(recipe: Recipe) {
    this.#recipe = recipe
  }

  /** The process that runs now, or ran last. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What the server logged since it was last started. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Starts the process and waits until it answers. */
  async up(): Promise<void> {
    const { title, command, args, home, env, user, settle } = this.#recipe
    if (this.running) throw new Error(`${title} runs already`)
    this.#starts++
    const log = openSync(this.#logFile, 'w')
    const stdio = ['ignore', log, log] as const
    const child = spawn(command, args, {
      cwd: home.dir,
      stdio: [...stdio],
      env: { ...process.env, ...env },
      ...user,
    })
    closeSync(log)
    this.#child = child
    let failure: Error | null = null
    child.on('error', (error) => (failure = error))
    if (child.pid !== undefined) home.moveIn([child.pid], this.#endSignal)
    // A script that forgets to stop its server must end all the same; its home then cleans up.
    child.unref()
    try {
      await this.#ready(() => failure)
      await settle?.()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const tail = this.log().trimEnd().split('\n').slice(-15).join('\n')
      await this.stop()
      throw new Error(`${title} did not start: ${reason}\n${command} ${args.join(' ')}\n${tail}`, {
        cause: error,
      })
    }
  }

  /** Sends a signal, and waits for the end of all processes; SIGKILL follows when it takes too long. */
  async down(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return
    const child = this.#child
    const family = familyOf(this.pid)
    child?.ref()
    const gone = new Promise((resolve) => child?.once('exit', resolve))
    signalAll(signal === 'SIGKILL' ? family : [this.pid], signal)
    signalAll(family, 'SIGCONT')
    const timer = setTimeout(() => signalAll(family, 'SIGKILL'), STOP_MS)
    await gone
    await ended(family)
    clearTimeout(timer)
    this.#recipe.home.moveOut()
  }

  /** SIGSTOP: connections stay open, and nothing is answered. */
  pause(): void {
    signalAll([this.pid], 'SIGSTOP') // first, so that it starts no further ones meanwhile
    const family = familyOf(this.pid)
    this.#recipe.home.moveIn(family, this.#endSignal)
    signalAll(family, 'SIGSTOP')
    waitUntilStopped(family) // a signal is on its way for a moment
  }

  resume(): void {
    signalAll(familyOf(this.pid), 'SIGCONT')
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    await this.down(this.#endSignal)
    await this.#recipe.home.remove()
  }

  get #endSignal(): NodeJS.Signals {
    return this.#recipe.endSignal ?? 'SIGKILL'
  }

  get #logFile(): string {
    return path.join(this.#recipe.home.dir, `server-${this.#starts}.log`)
  }

  async #ready(failure: () => Error | null): Promise<void> {
    const end = performance.now() + START_MS
    while (!this.log().includes(this.#recipe.readyLine)) {
      const error = failure()
      if (error !== null) throw error
      if (!this.running) throw new Error(`it ended with ${this.#child?.exitCode ?? this.#child?.signalCode}`)
      if (performance.now() > end) throw new Error(`it was not ready after ${START_MS} ms`)
      await sleep(10)
    }
  }
}
