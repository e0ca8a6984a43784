// What the processes of `kills` do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { With } from '@dir/storage-conformance'
import { KIND_NAMES, KINDS, type KindName, type Seen } from './kill-kinds.ts'
import { now, outcomeOf } from './told.ts'

/** What a writer tells of the n-th write under an id; `unknown` is a failure of which nobody knows. */
export interface Told {
  readonly id: string
  readonly kind: KindName
  readonly n: number
  readonly what: 'tried' | 'acknowledged' | ReturnType<typeof outcomeOf>
  readonly at: number
  /** Of an unmapped error. */
  readonly text?: string
}

export interface WritesToLookAt {
  readonly kind: KindName
  readonly id: string
  /** The numbers of those that a writer began. */
  readonly tried: readonly number[]
}

/** Writes of all kinds for ever, whatever happens to the server. */
export async function writeForEver({ storage, args: { id }, ack }: With<{ id: string }>): Promise<never> {
  const lane = async (kind: KindName, next: () => number): Promise<never> => {
    for (;;) {
      const n = next()
      const tell = (what: Told['what'], text?: string): void =>
        ack({ id, kind, n, what, at: now(), ...(text === undefined ? {} : { text }) } satisfies Told)
      tell('tried')
      try {
        await KINDS[kind].write(storage, `${id}/${kind}`, n)
        tell('acknowledged')
      } catch (error) {
        const outcome = outcomeOf(error)
        tell(outcome, outcome === 'unmapped' ? String(error) : undefined)
        await sleep(20)
      }
    }
  }
  const lanes = KIND_NAMES.flatMap((kind) => {
    let n = 0
    return Array.from({ length: KINDS[kind].lanes }, () => lane(kind, () => ++n))
  })
  return Promise.race(lanes)
}

/** What is there of the writes under each id. */
export async function look({
  storage,
  args: { writes },
}: With<{ writes: readonly WritesToLookAt[] }>): Promise<Seen[]> {
  return Promise.all(writes.map(({ kind, id, tried }) => KINDS[kind].look(storage, id, tried)))
}
