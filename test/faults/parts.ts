import type { Result } from './finding.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'
import { flood } from './flood.ts'
import { storm } from './storm.ts'
import { table } from './table.ts'

export const PARTS = { table, storm, flood } as const satisfies Record<
  string,
  (store: Store, scale: Scale) => Promise<Result>
>

export type PartName = keyof typeof PARTS
