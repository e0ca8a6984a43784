import type { Capability, HandleOptions, Protocol, StorageHandle } from '@dir/storage-core'
import type { ApplicationTransaction } from './backend.ts'
import type { Assert } from './assert.ts'
import type { HandleMember } from './open.ts'
import type { Processes } from './processes.ts'

export const LEVELS = ['seed', 'atomic', 'shared', 'durable'] as const
export type Level = (typeof LEVELS)[number]

/** One checked promise. Data: no test framework, no backend's name. */
export interface Scenario {
  /** `<protocol file>/<words>`, such as `resource-lock/replaces-a-held-amount`; never changes. */
  readonly id: string
  /** A present-tense sentence. */
  readonly title: string
  /** Which promise of the contract it checks, in a few words. */
  readonly clause: string
  readonly level: Level
  /** The bundle members it calls; not scheduled for a backend that lacks one. `any`: those that the backend brings. */
  readonly protocols: readonly Protocol[] | 'any'
  /** What it needs beyond its level: not claimed, it is not scheduled. */
  readonly capabilities?: readonly Capability[]
  /** `empty`: a namespace of its own (whole lists, `seq`, init). Else it shares one and must use unguessable ids. */
  readonly needs?: 'empty'
  /** What a backend may leave out; then the scenario is not run, and no level is kept away by that. */
  readonly uses?: readonly (HandleMember | 'stall')[]
  /** At least this many assertions are made, or the run is an error (one, where `any` is not all of the nine). */
  readonly asserts: number
  run(context: ScenarioContext): Promise<void>
}

/** What a scenario is given; its members work taken apart, too. */
export interface ScenarioContext {
  /** A handle on the scenario's namespace. */
  readonly storage: StorageHandle
  readonly namespace: string
  /** The members of the bundle that the backend brings. */
  readonly protocols: readonly Protocol[]
  /** Whether the backend's handles have a member that they may lack where they bring only some of the nine. */
  readonly gives: (member: HandleMember) => boolean
  /** Another handle on the same namespace (or on another), closed by itself after the scenario. */
  readonly open: (options?: HandleOptions & { readonly namespace?: string }) => Promise<StorageHandle>
  /** A namespace nobody used before, destroyed after the scenario; `name` for one whose name matters. */
  readonly freshNamespace: (name?: string) => string
  /** Removes a namespace, as the backend does. */
  readonly destroy: (namespace: string) => Promise<void>
  /** An id that nobody else uses; the label helps whoever reads a failure. */
  readonly id: (label?: string) => string
  /** From 0 (inclusive) to 1, the same sequence for the same seed and scenario. */
  readonly random: () => number
  readonly assert: Assert
  /** Operating-system processes that load the same backend module. */
  readonly processes: Processes
  /** Opens a transaction of an application on the scenario's namespace, which is closed after the scenario. */
  readonly openTransaction: () => Promise<ApplicationTransaction>
  /** Holds the store up until the answer is called; only where the scenario `uses` it. */
  readonly stall: () => Promise<() => Promise<void>>
}
