import { hash } from 'node:crypto'

/** Names of what is locked, as the numbers of the server's advisory locks. All clients of a namespace must agree on them. */
export class LockNames {
  readonly #prefix: string
  /** What stands before a resource's id in its name, which the server makes a key of by itself. */
  readonly resourcePrefix: string
  /** Shared by every commit, taken alone by one that locks too many. */
  readonly everything: bigint
  /** Held by whoever appends events, so that `seq` rises in the order of commits. */
  readonly audit: bigint
  /** Shared by those who follow the log: where nobody has it, nobody needs to be notified. */
  readonly followers: bigint
  /** On which they are notified. */
  readonly channel: string
  /** Held by whoever creates, migrates, empties or drops the tables. */
  readonly schema: bigint

  constructor(namespace: string) {
    this.#prefix = `dir-storage:${namespace}:`
    this.resourcePrefix = `${this.#prefix}resourceLock:`
    this.everything = this.key('*')
    this.audit = this.key('*audit')
    this.followers = this.key('*followers')
    this.channel = `dir_storage:${namespace}`
    this.schema = this.key('*schema')
  }

  key(name: string): bigint {
    return hash('sha256', this.#prefix + name, 'buffer').readBigInt64BE()
  }
}
