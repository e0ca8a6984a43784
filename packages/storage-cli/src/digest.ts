import { createHash } from 'node:crypto'

/** Counts the lines of a canonical export, and digests them as they stand in a file. */
export class Digest {
  readonly #hash = createHash('sha256')
  #lines = 0

  /** The lines, which are counted as they pass. */
  async *over(lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const line of lines) {
      this.#hash.update(line).update('\n')
      this.#lines++
      yield line
    }
  }

  /** The last line has the counters, and is no record. */
  get records(): number {
    return Math.max(0, this.#lines - 1)
  }

  /** At the end, once. */
  sha256(): string {
    return this.#hash.digest('hex')
  }
}
