import type { StorageHandle } from '@dir/storage-core'
import { median, rate } from './compare.ts'
import type { Act } from './workloads.ts'

const MILLISECONDS = 300
/** How many others there are. */
const [FEW, MANY] = [10, 10_000]
/** The length of the long log, and how many events of it are written in one call. */
const EVENTS = 1_000_000
const PAGE = 1_000
/** How many flows there are in another status. */
const FLOWS = 100_000

const acquire = (storage: StorageHandle, flow: string, resource: string): Promise<unknown> =>
  storage.resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities: { [resource]: 1e8 } })

type Where = 'few' | 'many'

const acts = (storage: StorageHandle): Readonly<Record<string, (where: Where) => Act>> => ({
  'acquire and release, beside other holders': (where) => async (_, caller) => {
    await acquire(storage, `flow-${caller}`, where)
    await storage.resourceLock.release(`flow-${caller}`)
  },
  'getLockedAmount, beside other holders': (where) => () => storage.resourceLock.getLockedAmount(where, null),
  'tryConsumeBudget, with tokens in the window': (where) => () =>
    storage.escalation.tryConsumeBudget(where, { limit: 5, windowSec: 3600 }),
  'getWindowCount, with tokens in the window': (where) => () =>
    storage.escalation.getWindowCount(where, '2020-01-01T00:00:00Z'),
})

/** In portions, as a handle keeps only so many calls waiting. */
async function times(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < count; start += PAGE)
    await Promise.all(Array.from({ length: Math.min(PAGE, count - start) }, (_, index) => act(start + index)))
}

/** What a call costs beside many others of its kind, and beside few, in turn: a line of a table for each. */
export async function growth(
  storage: StorageHandle,
  rounds: number,
  print: (line: string) => void,
): Promise<void> {
  for (const [where, count] of [
    ['few', FEW],
    ['many', MANY],
  ] as const) {
    await times(count, (index) => acquire(storage, `${where}-${index}`, where))
    await times(count, () => storage.escalation.recordBudgetToken(where))
  }
  const row = (what: string, few: number, many: number, ratio: number): void =>
    print(`| ${what} | ${Math.round(few)} | ${Math.round(many)} | **${ratio.toFixed(2)}** |`)
  for (const [what, act] of Object.entries(acts(storage)))
    for (const callers of [1, 16]) {
      const rates: { readonly few: number; readonly many: number }[] = []
      for (let round = 0; round < rounds; round++)
        rates.push({
          few: await rate(act('few'), callers, MILLISECONDS),
          many: await rate(act('many'), callers, MILLISECONDS),
        })
      const of = (rateOf: (one: { few: number; many: number }) => number): number => median(rates.map(rateOf))
      row(
        `${what}, ${callers} at once`,
        of(({ few }) => few),
        of(({ many }) => many),
        of(({ few, many }) => many / few),
      )
    }

  await storage.decisionAudit.record('short', 'E', { agentId: 'rare' })
  const from = (await storage.decisionAudit.eventsForDfid('short'))[0]?.timestamp ?? ''
  const lists: Readonly<Record<string, Act>> = {
    'eventsForDfid of one event': () => storage.decisionAudit.eventsForDfid('short'),
    'events of an agent with one': () => Array.fromAsync(storage.decisionAudit.events({ agentId: 'rare' })),
    'the first event since a moment': () => Array.fromAsync(storage.decisionAudit.events({ from, limit: 1 })),
  }
  const ratesOf = async (): Promise<number[]> => {
    const rates: number[] = []
    for (const list of Object.values(lists)) {
      await rate(list, 1, MILLISECONDS)
      rates.push(await rate(list, 1, MILLISECONDS))
    }
    return rates
  }
  const before = await ratesOf()
  const flows = Array.from({ length: PAGE }, (_, index) => ({
    dfid: `flow-${index}`,
    event: 'E',
    agentId: `agent-${index % 7}`,
  }))
  for (let event = 0; event < EVENTS; event += PAGE) await storage.decisionAudit.recordMany(flows)
  const after = await ratesOf()
  for (const [index, what] of Object.keys(lists).entries()) {
    const [few = 0, many = 0] = [before[index], after[index]]
    row(`${what}, in a log of ${EVENTS.toLocaleString('en')}`, few, many, many / few)
  }

  const moved = (count: number, status: string): Promise<void> =>
    times(count, (index) => storage.lifecycle.recordTransition(`${status}-${index}`, null, status))
  const stuck: Act = () => Array.fromAsync(storage.lifecycle.listFlows({ status: 'STUCK' }))
  await moved(FEW, 'STUCK')
  await rate(stuck, 1, MILLISECONDS)
  const alone = await rate(stuck, 1, MILLISECONDS)
  await moved(FLOWS, 'DONE')
  const beside = await rate(stuck, 1, MILLISECONDS)
  row(
    `listFlows of ten in a status, beside ${FLOWS.toLocaleString('en')} in another`,
    alone,
    beside,
    beside / alone,
  )
}
