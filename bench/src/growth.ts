// What a call costs where a resource has many other holders, a budget window many tokens, and a log many events of other
// flows, beside where they are few: node --conditions=@dir/source bench/src/growth.ts [memory] [sqlite]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { median, rate } from './compare.ts'
import type { Act } from './workloads.ts'

const ROUNDS = 7
const MILLISECONDS = 300
const [FEW, MANY] = [10, 10_000]
const EVENTS = 1_000_000

const folder = mkdtempSync(join(tmpdir(), 'dir-storage-bench-'))
const backends: Readonly<Record<string, StorageHandle>> = {
  memory: memoryStorage(),
  sqlite: sqliteStorage(join(folder, 'store.sqlite')),
}

const times = (count: number, act: (index: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)))

const acquire = (storage: StorageHandle, flow: string, resource: string): Promise<unknown> =>
  storage.resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities: { [resource]: 1e8 } })

const acts = (storage: StorageHandle): Readonly<Record<string, (which: string) => Act>> => ({
  'acquire and release beside other holders': (which) => async (_, caller) => {
    await acquire(storage, `flow-${caller}`, which)
    await storage.resourceLock.release(`flow-${caller}`)
  },
  'getLockedAmount beside other holders': (which) => () => storage.resourceLock.getLockedAmount(which, null),
  'tryConsumeBudget with tokens in the window': (which) => () =>
    storage.escalation.tryConsumeBudget(which, { limit: 5, windowSec: 3600 }),
  'getWindowCount with tokens in the window': (which) => () =>
    storage.escalation.getWindowCount(which, '2020-01-01T00:00:00Z'),
})

async function fill(storage: StorageHandle): Promise<void> {
  for (const [which, count] of [
    ['few', FEW],
    ['many', MANY - 1],
  ] as const) {
    await times(count, (index) => acquire(storage, `${which}-${index}`, which))
    await times(count, () => storage.escalation.recordBudgetToken(which))
  }
}

for (const [name, storage] of Object.entries(backends)) {
  if (process.argv.length > 2 && !process.argv.includes(name)) continue
  await fill(storage)
  for (const [what, act] of Object.entries(acts(storage)))
    for (const callers of [1, 16]) {
      const rates: { readonly few: number; readonly many: number }[] = []
      for (let round = 0; round < ROUNDS; round++)
        rates.push({
          few: await rate(act('few'), callers, MILLISECONDS),
          many: await rate(act('many'), callers, MILLISECONDS),
        })
      console.log(
        `${name}, ${what}, ${callers} callers: ${Math.round(median(rates.map((one) => one.few)))} with ${FEW}, ` +
          `${Math.round(median(rates.map((one) => one.many)))} with ${MANY}, ` +
          `ratio ${median(rates.map((one) => one.many / one.few)).toFixed(2)}`,
      )
    }

  const flow: Act = () => storage.decisionAudit.eventsForDfid('short')
  await storage.decisionAudit.record('short', 'E')
  const before = await rate(flow, 1, MILLISECONDS)
  for (let event = 0; event < EVENTS; event += 1_000)
    await storage.decisionAudit.recordMany(
      Array.from({ length: 1_000 }, (_, index) => ({ dfid: `flow-${event + index}`, event: 'E' })),
    )
  const after = await rate(flow, 1, MILLISECONDS)
  console.log(
    `${name}, eventsForDfid of one event: ${Math.round(before)} in an empty log, ${Math.round(after)} in one of ${EVENTS}, ratio ${(after / before).toFixed(2)}`,
  )
  await storage.close()
}
rmSync(folder, { recursive: true })
