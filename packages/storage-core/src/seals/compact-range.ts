import { EMPTY_ROOT, hashNode } from './merkle-tree.ts'

/** All that is needed of a tree to append to it: the roots of its complete subtrees, the largest first. */
export class CompactRange {
  readonly #peaks: Uint8Array[]
  #size: number

  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    this.#size = size
    this.#peaks = [...peaks]
  }

  get size(): number {
    return this.#size
  }

  get peaks(): readonly Uint8Array[] {
    return this.#peaks
  }

  get root(): Uint8Array {
    const [last = EMPTY_ROOT, ...others] = this.#peaks.toReversed()
    return others.reduce((right, left) => hashNode(left, right), last)
  }

  add(leaf: Uint8Array): void {
    let node = leaf
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#peaks.pop()
      if (left !== undefined) node = hashNode(left, node)
    }
    this.#peaks.push(node)
    this.#size++
  }
}
