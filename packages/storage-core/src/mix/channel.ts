import { commonStartOf } from '../handle/common-start.ts'

/** A queue of one item between a writer who waits and a reader. */
export class Channel<Item> implements AsyncIterable<Item> {
  #item: { readonly value: Item } | undefined
  #ended: { readonly error?: unknown } | undefined
  #asks = false
  #wake: (() => void) | undefined

  /** Waits until the reader has taken the item before. After the end, items are dropped. */
  async push(value: Item): Promise<void> {
    while (this.#item !== undefined && this.#ended === undefined) await this.#changed()
    this.#item = { value }
    this.#tell()
  }

  /** Settles when the reader has made something of every item, and asks for another. */
  async isIdle(): Promise<void> {
    while ((this.#item !== undefined || !this.#asks) && this.#ended === undefined) await this.#changed()
  }

  /** The reader comes to its end, or gets the error instead of what is left. */
  end(how: { readonly error?: unknown } = {}): void {
    this.#ended ??= how
    this.#tell()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    await commonStartOf(this)?.join(this) // an import that knows nothing of it begins by reading
    for (;;) {
      if (this.#ended !== undefined && 'error' in this.#ended) throw this.#ended.error
      if (this.#item !== undefined) {
        const { value } = this.#item
        this.#item = undefined
        this.#tell()
        yield value
      } else if (this.#ended === undefined) {
        this.#asks = true
        this.#tell()
        await this.#changed()
        this.#asks = false
      } else return
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  #tell(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
