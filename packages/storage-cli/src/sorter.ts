import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { chunked } from './chunked.ts'
import { fileLines } from './records.ts'

/** So many characters of lines are sorted in memory; more go to a temporary folder, sorted in parts. */
const RUN_LENGTH = 16 * 1024 * 1024

interface Keyed {
  readonly key: Buffer
  readonly line: string
}

/** A part on the disk, and its first line that was not taken yet. */
interface Run {
  readonly lines: AsyncGenerator<string>
  first: Keyed
}

/** Sorts any number of lines by the bytes of their keys, in bounded memory; those of one key by themselves. */
export class Sorter {
  readonly #keyOf: (line: string) => Buffer
  readonly #runLength: number
  #lines: Keyed[] = []
  #length = 0
  #folder: string | undefined
  readonly #runs: string[] = []

  constructor(keyOf: (line: string) => Buffer, runLength: number = RUN_LENGTH) {
    this.#keyOf = keyOf
    this.#runLength = runLength
  }

  async add(key: Buffer, line: string): Promise<void> {
    this.#lines.push({ key, line })
    this.#length += line.length
    if (this.#length >= this.#runLength) await this.#spill()
  }

  async *sorted(): AsyncGenerator<string> {
    if (this.#runs.length > 0) {
      await this.#spill()
      yield* this.#merged()
    } else for (const { line } of this.#lines.sort(compare)) yield line
  }

  /** Removes what it has on the disk. */
  async end(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }

  async #spill(): Promise<void> {
    this.#folder ??= await mkdtemp(path.join(tmpdir(), 'dir-storage-sort-'))
    const file = path.join(this.#folder, String(this.#runs.length))
    const lines = this.#lines
      .sort(compare)
      .values()
      .map(({ line }) => line)
    await pipeline(Readable.from(chunked(lines)), createWriteStream(file, { mode: 0o600 }))
    this.#runs.push(file)
    this.#lines = []
    this.#length = 0
  }

  async *#merged(): AsyncGenerator<string> {
    const runs: Run[] = []
    for (const file of this.#runs) {
      const lines = fileLines(file)
      const first = await this.#next(lines)
      if (first !== undefined) runs.push({ lines, first })
    }
    while (runs.length > 0) {
      const least = runs.reduce((one, other) => (compare(other.first, one.first) < 0 ? other : one))
      yield least.first.line
      const next = await this.#next(least.lines)
      if (next === undefined) runs.splice(runs.indexOf(least), 1)
      else least.first = next
    }
  }

  async #next(lines: AsyncGenerator<string>): Promise<Keyed | undefined> {
    const { value, done } = await lines.next()
    return done === true ? undefined : { key: this.#keyOf(value), line: value }
  }
}

function compare(one: Keyed, other: Keyed): number {
  return Buffer.compare(one.key, other.key) || (one.line < other.line ? -1 : one.line > other.line ? 1 : 0)
}
