import type { Capability } from '@dir/storage-core'
import { ATOMIC_CAPABILITIES, CAPABILITY_OF } from '@dir/storage-core/adapter'
import type { Backend } from './backend.ts'
import { LEVELS, type Level } from './scenario.ts'
import type { ScenarioResult } from './verdict.ts'

/** Whether a capability concerns anything that the backend brings. */
export function concerns({ protocols }: Backend, capability: Capability): boolean {
  const protocol = CAPABILITY_OF[capability]?.[0]
  return protocols === undefined || protocol === undefined || protocols.includes(protocol)
}

/** The level that a backend's claims amount to. */
export function claimedLevel(backend: Backend): Level {
  const has = (capability: Capability): boolean =>
    backend.claims[capability] === true || !concerns(backend, capability)
  if (!ATOMIC_CAPABILITIES.every(has)) return 'seed'
  if (!has('processes')) return 'atomic'
  return has('durable') ? 'durable' : 'shared'
}

/** Whether `a` is at or below `b`. */
export function within(a: Level, b: Level): boolean {
  return LEVELS.indexOf(a) <= LEVELS.indexOf(b)
}

/** The highest level, up to `most`, of which every scenario and every lower one was seen to hold; null: none. */
export function earnedLevel(results: readonly ScenarioResult[], most: Level): Level | null {
  let earned: Level | null = null
  for (const level of LEVELS) {
    const there = results.filter((one) => one.level === level)
    const holds = there.every(({ verdict, optional }) => {
      return verdict === 'pass' || verdict === 'unsupported' || optional === true
    })
    if (!within(level, most) || !holds || there.length === 0) break
    earned = level
  }
  return earned
}
