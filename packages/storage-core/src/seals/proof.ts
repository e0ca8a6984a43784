/** That an event is in the tree of a size. Plain JSON; the path is in hexadecimal, from the leaf to the root. */
export interface InclusionProof {
  readonly type: 'inclusion'
  readonly seq: number
  /** The place of its leaf. */
  readonly index: number
  readonly size: number
  readonly path: readonly string[]
}

/** That the tree of a size is the beginning of that of another. Plain JSON. */
export interface ConsistencyProof {
  readonly type: 'consistency'
  readonly from: number
  readonly to: number
  readonly path: readonly string[]
}
