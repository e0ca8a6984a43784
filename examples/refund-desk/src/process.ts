import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'

type Told = string | number | boolean
type Message = Readonly<Record<string, Told>>

/** A process that we start, and what it tells us. */
export class Process {
  static readonly #all = new Set<Process>()
  readonly #child: ChildProcess
  readonly #untold: Message[] = []
  readonly #news = new EventEmitter()

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = fork(new URL(file, import.meta.url), args, { env: { ...process.env, ...env } })
    this.#child.on('message', (message: Message) => {
      this.#untold.push(message)
      this.#news.emit('news')
    })
    this.#child.once('exit', () => {
      Process.#all.delete(this)
      this.#news.emit('news')
    })
    Process.#all.add(this)
  }

  /** Kills all that run. */
  static async endAll(): Promise<void> {
    await Promise.all([...Process.#all].map((one) => one.end('SIGKILL')))
  }

  /** What it tells, or told, under this name; an error if it ends before. */
  async told(name: string): Promise<Told> {
    for (;;) {
      const index = this.#untold.findIndex((message) => name in message)
      const [message] = index === -1 ? [] : this.#untold.splice(index, 1)
      if (message?.[name] !== undefined) return message[name]
      if (this.#isOver) throw new Error(`A process ended before it told "${name}"; its own message is above.`)
      await once(this.#news, 'news')
    }
  }

  tell(message: Message): void {
    this.#child.send(message)
  }

  /** @returns its exit code, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    if (!this.#isOver) {
      this.#child.kill(signal)
      await once(this.#child, 'exit')
    }
    return this.#child.signalCode ?? this.#child.exitCode
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}
