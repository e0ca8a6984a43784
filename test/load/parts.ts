import { acquires } from './acquires.ts'
import { crowd } from './crowd.ts'
import { events } from './events.ts'
import type { Figures } from './figures.ts'
import { init } from './init.ts'
import { kills } from './kills.ts'
import { WITH_TRANSACTIONS } from './orders.ts'
import { outbox } from './outbox.ts'
import { pruneBesideWriters } from './prune.ts'
import type { Scale } from './scale.ts'
import type { BackendName, Store } from './store.ts'

const PARTS = {
  acquires: ({ module }: Store, scale: Scale) => acquires(module, scale),
  events: ({ module }: Store, scale: Scale) => events('events', module, scale),
  follow: ({ module }: Store, scale: Scale) => events('follow', module, scale),
  crowd: ({ module }: Store, scale: Scale) => crowd(module, scale),
  init: ({ module }: Store, scale: Scale) => init(module, scale),
  kills,
  prune: ({ module }: Store, scale: Scale) => pruneBesideWriters(module, scale),
  outbox: ({ name, module }: Store, scale: Scale) => {
    const backend = WITH_TRANSACTIONS.find((one) => one === name)
    if (backend === undefined) throw new TypeError(`${name} has no transactions that an application has open`)
    return outbox(backend, module, scale)
  },
} as const satisfies Record<string, (store: Store, scale: Scale) => Promise<Figures>>

export type PartName = keyof typeof PARTS

/** What a backend can be put under. */
export function partsOf(backend: BackendName): PartName[] {
  const names = Object.keys(PARTS) as PartName[]
  return names.filter((part) => part !== 'outbox' || WITH_TRANSACTIONS.some((one) => one === backend))
}

/** Puts a store under one kind of load. */
export function runPart(part: PartName, store: Store, scale: Scale): Promise<Figures> {
  return PARTS[part](store, scale)
}
