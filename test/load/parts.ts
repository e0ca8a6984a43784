import { acquires } from './acquires.ts'
import { events } from './events.ts'
import type { Figures } from './figures.ts'
import { init } from './init.ts'
import { kills } from './kills.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'

export const PARTS = {
  acquires: ({ module }: Store, scale: Scale) => acquires(module, scale),
  events: ({ module }: Store, scale: Scale) => events(module, scale),
  init: ({ module }: Store, scale: Scale) => init(module, scale),
  kills,
} as const satisfies Record<string, (store: Store, scale: Scale) => Promise<Figures>>

export type PartName = keyof typeof PARTS

/** Puts a store under one kind of load. */
export function runPart(part: PartName, store: Store, scale: Scale): Promise<Figures> {
  return PARTS[part](store, scale)
}
