import { acquires } from './acquires.ts'
import type { Figures } from './figures.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'

export const PARTS = {
  acquires: ({ module }: Store, scale: Scale) => acquires(module, scale),
} as const satisfies Record<string, (store: Store, scale: Scale) => Promise<Figures>>

export type PartName = keyof typeof PARTS

/** Puts a store under one kind of load. */
export function runPart(part: PartName, store: Store, scale: Scale): Promise<Figures> {
  return PARTS[part](store, scale)
}
