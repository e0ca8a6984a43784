import type { StorageHandle } from '@dir/storage-core'
import { WRITES, type Write } from './writes/index.ts'

/** Alone, or with a companion in `atomically`. */
export type Mode = 'alone' | 'batch'

/** A write in one of its modes. */
export class Deed {
  readonly write: Write
  readonly mode: Mode

  constructor(write: Write, mode: Mode) {
    this.write = write
    this.mode = mode
  }

  get name(): string {
    return this.mode === 'alone' ? this.write.name : `atomically(${this.write.name})`
  }

  async act(storage: StorageHandle, id: string, prepared: unknown): Promise<unknown> {
    if (this.mode === 'alone') return this.write.act(storage, id, prepared)
    const [answer] = await storage.atomically((batch) => {
      void this.write.act(batch as unknown as StorageHandle, id, prepared)
      batch.context.setState(companionOf(id), '"companion"')
    })
    return answer
  }

  /** Its answer, comparable between twins. */
  told(answer: unknown, id: string): string {
    return this.write.agrees === undefined ? plain(answer, id) : 'own'
  }

  /** All that there is of it, comparable between twins. */
  async look(storage: StorageHandle, id: string): Promise<string> {
    const own = await this.write.look(storage, id)
    return plain(this.mode === 'alone' ? own : [own, await storage.context.getState(companionOf(id))], id)
  }
}

/** Every write method in each of its modes, of those whose name contains `text`. */
export function allDeeds(text: string): Deed[] {
  return WRITES.filter(({ name }) => name.includes(text)).flatMap((write) => {
    const alone = new Deed(write, 'alone')
    return write.isAlone === true ? [alone] : [alone, new Deed(write, 'batch')]
  })
}

const companionOf = (id: string): string => `${id}/companion`

/** What the store makes of its own: it is there or not, and differs between twins. */
const OWN = new Set([
  'seq',
  'timestamp',
  'createdAt',
  'since',
  'claimedAt',
  'acquiredAt',
  'expiresAt',
  'fence',
  'token',
])

/** A value as text in which twins look alike. */
export function plain(value: unknown, id: string): string {
  const text = JSON.stringify(value, (key, one: unknown) => (OWN.has(key) && one !== null ? 'own' : one))
  return (text ?? 'nothing').replaceAll(id, 'ID')
}

/** What can come of a deed, as an undisturbed handle has seen it on other records. */
export interface Expected {
  readonly before: string
  readonly answer: string
  readonly applied: string
  /** The later write's answer, and what is there after it, where the deed did not happen and where it did. */
  readonly later: readonly [without: string, after: string]
}

/** Does a deed and the later write to two records, undisturbed. */
export async function expect(storage: StorageHandle, deed: Deed, id: string): Promise<Expected> {
  const { write } = deed
  const after = async (twin: string): Promise<string> => {
    const answer = plain(await write.later(storage, twin), twin)
    return `${answer} ${await deed.look(storage, twin)}`
  }
  const [one, other] = [`${id}/one`, `${id}/other`]
  const prepared = await write.prepare?.(storage, one)
  const before = await deed.look(storage, one)
  const answer = deed.told(await deed.act(storage, one, prepared), one)
  const applied = await deed.look(storage, one)
  if (applied === before) throw new Error(`${deed.name} changes nothing that its look would see.`)
  await write.prepare?.(storage, other)
  return { before, answer, applied, later: [await after(other), await after(one)] }
}
