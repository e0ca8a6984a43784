import type { JoinedStorage, Protocol } from '@dir/storage-core'

/** A kind of record that is found by one id, and what its seed methods make of a series of writes to that id. */
export interface RecordKind {
  /** `<scenario file>/<kind>`, with which the ids of its scenarios begin. */
  readonly name: string
  readonly protocol: Protocol
  /** Write number `n` to `id`; `other` is an id for whatever else the record needs, the same for all writes. */
  write(storage: JoinedStorage, id: string, n: number, other: string): Promise<unknown>
  read(storage: JoinedStorage, id: string, other: string): Promise<unknown>
  /** What `read` answers after these writes, in that order. */
  after(...writes: number[]): unknown
}
