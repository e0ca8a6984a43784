import { createHash } from 'node:crypto'

/** Counts lines, and digests them as they stand in a file. */
export class Digest {
  readonly #hash = createHash('sha256')
  #records = 0

  /** The lines, which are counted as they pass. */
  async *over(lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const line of lines) {
      this.#hash.update(line).update('\n')
      this.#records++
      yield line
    }
  }

  get records(): number {
    return this.#records
  }

  /** At the end, once. */
  sha256(): string {
    return this.#hash.digest('hex')
  }
}
