import { InvalidArgumentError } from '../errors/index.ts'

/** How deep stored JSON may nest. */
export const MAX_LEVELS = 500

/** Where in a value its encoder is, told by positions only, since keys may be secrets. */
export class JsonPath {
  readonly #argument: string
  /** The objects being encoded, outermost first: containers, and holders of a `toJSON` in progress. */
  readonly #open: object[] = []
  readonly #positions: number[] = []
  #level = 0
  #refusal: InvalidArgumentError | undefined

  constructor(argument: string) {
    this.#argument = argument
  }

  /** Opens an object, which is a level of its own if it is a container. */
  enter(holder: object, levels: 0 | 1): void {
    if (this.#open.includes(holder)) this.refuse('a cycle')
    if (this.#level + levels > MAX_LEVELS || this.#open.length > 2 * MAX_LEVELS) {
      this.refuse(`nests deeper than ${MAX_LEVELS} levels`)
    }
    this.#open.push(holder)
    this.#level += levels
  }

  /** Moves to an entry of the innermost container. */
  at(position: number): void {
    this.#positions[this.#level - 1] = position
  }

  leave(levels: 0 | 1): void {
    this.#open.pop()
    this.#level -= levels
  }

  refuse(reason: string): never {
    const positions = this.#positions.slice(0, this.#level).map((position) => `[${position}]`)
    const place = positions.length === 0 ? 'at the top' : `at ${positions.join('')}`
    this.#refusal = new InvalidArgumentError(this.#argument, `${place}: ${reason}`)
    throw this.#refusal
  }

  /** Whether `error` is the refusal of this path, and not thrown by code of the caller that ran meanwhile. */
  refused(error: unknown): boolean {
    return this.#refusal !== undefined && error === this.#refusal
  }
}
