/** Items that are taken as long as they fit; the first that does not is left for later. */
export class Ahead<Item> {
  readonly #items: AsyncIterator<Item>
  #next: IteratorResult<Item, unknown> | undefined

  constructor(items: AsyncIterable<Item>) {
    this.#items = items[Symbol.asyncIterator]()
  }

  async *takeWhile(fits: (item: Item) => boolean): AsyncGenerator<Item> {
    for (;;) {
      this.#next ??= await this.#items.next()
      if (this.#next.done === true || !fits(this.#next.value)) return
      const { value } = this.#next
      this.#next = undefined
      yield value
    }
  }

  async end(): Promise<void> {
    await this.#items.return?.()
  }
}
