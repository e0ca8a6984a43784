import { type StorageError, UnavailableError, ValueTooLargeError } from '../errors/index.ts'

/** How much may wait at once, so that a store that is slower than its callers costs them an error and not the memory. */
export class Room {
  readonly #maxEntries: number
  readonly #maxBytes: number
  #entries = 0
  #bytes = 0

  constructor(maxEntries = 10_000, maxBytes: number = 64 * 1024 * 1024) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  /** Why there is no room for something of that size; null: it has been taken. */
  take(bytes: number): StorageError | null {
    if (bytes > this.#maxBytes) return new ValueTooLargeError('the call', bytes, this.#maxBytes)
    if (this.#entries >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes)
      return new UnavailableError(
        'Too many writes wait for this store: it is slower than its callers. Try again later, or issue fewer at once.',
        'queue',
      )
    this.#entries++
    this.#bytes += bytes
    return null
  }

  free(bytes: number): void {
    this.#entries--
    this.#bytes -= bytes
  }
}
