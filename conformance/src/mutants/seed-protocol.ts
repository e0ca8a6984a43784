import type { Protocol } from '@dir/storage-core'
import type { Implementation, Operations } from '@dir/storage-core/adapter'
import type { SeedStore } from './seed-store.ts'

/** A protocol in separate steps. */
export type SeedProtocol<P extends Protocol> = Omit<
  Implementation<Operations[P], SeedStore>,
  'exportPage' | 'importPage' | 'pruneFlow' | 'prunePage'
>
