import type { Terminal } from './terminal.ts'
import { paint, printable } from './terminal.ts'

const WIPE = '\r\u001B[K'
const EVERY_MS = 100

/** What a command says beside its results, on stderr: messages, and on a terminal one line of progress. */
export class Notes {
  readonly #stderr: Terminal['stderr']
  #last = -Infinity
  #isShown = false

  constructor({ stderr }: Terminal) {
    this.#stderr = stderr
  }

  say(text: string): void {
    this.#wipe()
    this.#stderr.write(`${text}\n`)
  }

  warn(text: string): void {
    this.say(`${paint(this.#stderr, 'yellow', 'warning:')} ${printable(text)}`)
  }

  fail(text: string): void {
    this.say(`${paint(this.#stderr, 'red', 'dir-storage:')} ${printable(text)}`)
  }

  /** Replaces the line of progress, a few times a second. */
  progress(text: () => string): void {
    if (this.#stderr.isTTY !== true || performance.now() - this.#last < EVERY_MS) return
    this.#last = performance.now()
    this.#isShown = true
    this.#stderr.write(`${WIPE}${text()}`)
  }

  end(): void {
    this.#wipe()
  }

  #wipe(): void {
    if (this.#isShown) this.#stderr.write(WIPE)
    this.#isShown = false
  }
}
