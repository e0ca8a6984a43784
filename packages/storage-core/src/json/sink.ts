const CHUNK_LENGTH = 65_536

/** The text has become longer than it may be. */
export class TextTooLong extends Error {
  /** How long it was when it was given up. */
  readonly length: number

  constructor(length: number) {
    super()
    this.length = length
  }
}

/** Collects text. */
export class TextSink {
  readonly #chunks: string[] = []
  #chunk = ''
  readonly #most: number
  #length = 0

  /** @param most how long the text may become, give or take a chunk. */
  constructor(most: number) {
    this.#most = most
  }

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
    this.#length += this.#chunk.length
    this.#chunk = ''
    if (this.#length > this.#most) throw new TextTooLong(this.#length)
  }
}
