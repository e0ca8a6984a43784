import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'
import { same } from './same.ts'
import type { RecordKind } from './scenarios/record-kind.ts'
import { kindsOf } from './scenarios/record-kinds.ts'

/** A write that only seed methods are needed for, and whether it is seen. */
export interface Probe {
  write(storage: StorageHandle, id: string): Promise<unknown>
  seen(storage: StorageHandle, id: string): Promise<boolean>
}

/** Writes a record of this kind. */
export function probeWith({ write, read, after }: Pick<RecordKind, 'write' | 'read' | 'after'>): Probe {
  return {
    write: (storage, id) => write(storage, id, 1, `${id}-other`),
    seen: async (storage, id) => same(await read(storage, id, `${id}-other`), after(1)),
  }
}

/** A probe for what the backend brings. */
export function probeOf({ protocols = [] }: Backend): Probe {
  const first: Protocol = protocols[0] ?? 'context'
  const [kind] = kindsOf([first])
  if (kind === undefined) throw new Error(`There is no kind of record of ${first} to try the backend with.`)
  return probeWith(kind)
}
