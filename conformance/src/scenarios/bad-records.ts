import type { Protocol } from '@dir/storage-core'
import * as bad from './bad-values.ts'
import { aRequest, anAgent } from './samples.ts'

/** By argument, the values that break its rule. */
export type Rules = Readonly<Record<string, readonly unknown[]>>

/** Correct arguments of a method, and for each of them, and each of its members, what is refused in its place. */
export type Method = readonly [args: readonly unknown[], ...rules: readonly Rules[]]

export type BadArguments = Partial<Record<Protocol, Readonly<Record<string, Method>>>>

/** Bad values, each in the place of one member of something larger. */
export function within(values: readonly unknown[], place: (value: unknown) => unknown): unknown[] {
  return values.map(place)
}

export const AGENT: Rules = {
  agent: [...bad.RECORD, { ...anAgent('one'), agentid: 'one' }],
  agentId: bad.ID,
  contractJson: bad.JSON_TEXT,
  priority: bad.INT32,
  status: bad.TEXT,
  agentVersion: bad.TEXT_OR_NULL,
  sessionToken: bad.TEXT_OR_NULL,
}
export const REQUEST: Rules = {
  request: [...bad.RECORD, { ...aRequest('one', 'one'), status: 'PENDING' }],
  dfid: bad.ID,
  agentId: bad.ID,
  reason: bad.TEXT,
  contextJson: bad.JSON_TEXT,
  proposalJson: bad.JSON_TEXT,
  impact: bad.TEXT,
}
export const RESOURCES: Rules = {
  resources: [
    ...bad.RECORD,
    ...within(bad.AMOUNT, (amount) => ({ two: 1, one: amount })),
    ...within(['', 'a\0', '\ud800', 'x'.repeat(513), Symbol('one')], (name) => ({
      one: 1,
      [name as string]: 1,
    })),
    Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`r${n}`, 1])),
  ],
}

export const BUDGET: Rules = {
  budget: [...bad.RECORD, { limit: 9, windowSec: 9, agentId: 'one' }],
  limit: bad.COUNT,
  windowSec: bad.DURATION,
}
