import { once } from 'node:events'
import type { StorageHandle } from '@dir/storage-core'
import { describe, expect, it } from 'vitest'
import { AGENTS, SUSPENDED, proposalsOf } from '../src/agents.ts'
import { runDays } from '../src/day.ts'
import type { Desk } from '../src/desk.ts'
import { lookIntoTrace } from '../src/execution.ts'
import { finish } from '../src/finish.ts'
import { type Bar, loadBars } from '../src/market.ts'
import { prove } from '../src/proofs.ts'
import { readBack } from '../src/read-back.ts'
import { registerAgents } from '../src/roster.ts'
import { atomicVerbs } from '../src/verbs.ts'
import { watchWrites } from '../src/watch-writes.ts'
import { withDesk } from './desk.ts'
import { gapsInStory } from './story.ts'

/** With a break, a review, every kind of rejection but one, and a flow that is rejected too often. */
const TWELVE_DAYS = loadBars().slice(290, 302)
/** How many rounds wait at the same time for the claims of dead processes to end. */
const LANES = 8
const LEASE_SEC = 2

async function work(storage: StorageHandle, trace: string, bars: readonly Bar[]): Promise<void> {
  const desk = { storage, trace, verbs: atomicVerbs(storage, undefined, LEASE_SEC) }
  await registerAgents(desk)
  await runDays(desk, bars, () => {})
  const look = (key: string) => lookIntoTrace(trace, key)
  await finish({ ...desk, verbs: atomicVerbs(storage, look, LEASE_SEC) }, bars)
}

/** Works until just before its write of that number, and never goes on. @returns whether it came so far. */
async function dies({ storage, trace }: Desk, bars: readonly Bar[], fatalWrite: number): Promise<boolean> {
  const death = new EventTarget()
  let writes = 0
  const doomed = watchWrites(storage, async () => {
    writes++
    if (writes < fatalWrite) return
    death.dispatchEvent(new Event('died'))
    await new Promise(() => {})
  })
  const died = once(death, 'died').then(() => true)
  return Promise.race([died, work(doomed, trace, bars).then(() => false)])
}

/** What is wrong after a process died before that write and another one took over. Null: it did not die. */
async function problemsAfter(bars: readonly Bar[], fatalWrite: number): Promise<string[] | null> {
  let problems: string[] | null = null
  await withDesk(async (desk) => {
    if (!(await dies(desk, bars, fatalWrite))) return
    await work(desk.storage, desk.trace, bars)
    const run = await readBack(desk.storage, desk.trace)
    const failed = prove(run, bars.flatMap(proposalsOf)).filter(({ holds }) => !holds)
    const active = await desk.storage.agentRegistry.listActiveAgents()
    const expected = AGENTS.map(({ id }) => id).filter((id) => id !== SUSPENDED)
    problems = [
      ...failed.map(({ title, found }) => `${title}: ${found}`),
      ...gapsInStory(run),
      ...(active.join() === expected.join() ? [] : [`active: ${active.join()}`]),
    ].map((problem) => `before write ${fatalWrite}: ${problem}`)
  })
  return problems
}

describe('a process that dies', { timeout: 120_000 }, () => {
  it.each([
    { days: 'twelve days', bars: TWELVE_DAYS, least: 100 },
    { days: 'one day, half of which is the whole', bars: TWELVE_DAYS.slice(0, 1), least: 10 },
  ])('before any write of $days leaves what another one brings to a good end', async ({ bars, least }) => {
    const all: string[] = []
    let next = 1
    let last = Infinity
    const lane = async (): Promise<void> => {
      while (next < last) {
        const write = next++
        const problems = await problemsAfter(bars, write)
        if (problems === null) last = Math.min(last, write)
        else all.push(...problems)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    expect(all).toEqual([])
    expect(last).toBeGreaterThan(least)
  })
})
