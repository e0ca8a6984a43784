import { constants } from 'node:buffer'

const CHUNK_LENGTH = 65_536

/** The text has become longer than a string can be. */
export class TextTooLong extends Error {}

/** Collects text. */
export class TextSink {
  readonly #chunks: string[] = []
  #chunk = ''
  #left: number = constants.MAX_STRING_LENGTH

  /** Returns true, so that writers can tell in one expression that they wrote. */
  add(piece: string): true {
    this.#chunk += piece
    if (this.#chunk.length >= CHUNK_LENGTH) this.#close()
    return true
  }

  end(): string {
    if (this.#chunks.length === 0) return this.#chunk
    this.#close()
    return this.#chunks.join('')
  }

  #close(): void {
    // Reading a character makes the chunk flat. Until then it keeps a node for every piece, and a small value that
    // refers to its parts again and again, whose text is too long, would end the process instead of being refused.
    this.#chunk.charCodeAt(0)
    this.#chunks.push(this.#chunk)
    this.#left -= this.#chunk.length
    this.#chunk = ''
    if (this.#left < 0) throw new TextTooLong()
  }
}
