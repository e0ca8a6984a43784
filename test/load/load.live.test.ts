import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mutantUrl } from '../../conformance/src/mutants/module.ts'
import { SERVER_NAMES, start } from '../../scripts/servers/index.ts'
import { withOwnServer } from '../../scripts/servers/live.ts'
import { type Figures, render } from './figures.ts'
import { type PartName, partsOf, runPart } from './parts.ts'
import { type Scale, SMALL } from './scale.ts'
import { type BackendName, type Store, openServer, openStore } from './store.ts'

// None of these is measured by the clock, and the machine may be busy.
const TIMEOUT_MS = 900_000

async function measure(part: PartName, store: Store): Promise<Figures> {
  const begun = performance.now()
  const figures = await runPart(part, store, SMALL)
  console.log(render(store.name, figures, (performance.now() - begun) / 1_000))
  return figures
}

/** What was seen broken. */
function faultsOf({ broken }: Figures): string[] {
  return Object.keys(broken).filter((what) => broken[what] !== 0)
}

function keepsItsPromises(name: BackendName): void {
  let store: Store | undefined
  beforeAll(async () => {
    store = await openStore(name)
  })
  afterAll(() => store?.stop())
  test.each(partsOf(name))('%s: nothing is broken', { timeout: TIMEOUT_MS }, async (part) => {
    if (store === undefined) throw new Error('There is no store.')
    const figures = await measure(part, store)
    expect({ faults: faultsOf(figures), short: figures.short }).toEqual({ faults: [], short: [] })
  })
}

describe('sqlite', () => {
  keepsItsPromises('sqlite')
})
for (const name of SERVER_NAMES) withOwnServer(name, () => keepsItsPromises(name))

describe('a store that breaks its promises is found out', () => {
  /** Fails unless each of these faults is seen; whatever else such a store does wrong depends on the moment. */
  const expectFaults = async (
    part: PartName,
    opening: Promise<Store>,
    expected: readonly string[],
    scale: Scale = SMALL,
  ): Promise<void> => {
    const store = await opening
    try {
      const faults = faultsOf(await runPart(part, store, scale))
      expect(expected.filter((fault) => !faults.includes(fault))).toEqual([])
    } finally {
      await store.stop()
    }
  }
  const broken = async (module: string): Promise<Store> => ({ ...(await openStore('sqlite')), module })
  const mutant = async (id: string): Promise<Store> => {
    const store = await openStore('sqlite')
    return { ...store, module: mutantUrl(id, store.module) }
  }

  test('acquires: a capacity that is checked before it is locked', { timeout: TIMEOUT_MS }, async () => {
    const expected = ['overbooked', 'overbooked by replay']
    await expectFaults('acquires', mutant('lock-checks-before-it-locks'), expected)
  })

  test('acquires: a refusal that keeps a part', { timeout: TIMEOUT_MS }, async () => {
    const expected = ['partial', 'zombies', 'left over']
    await expectFaults('acquires', mutant('lock-grants-a-part'), expected)
  })

  test('events: an event that is acknowledged and dropped', { timeout: TIMEOUT_MS }, async () => {
    const lossy = broken(new URL('./lossy-log.ts', import.meta.url).href)
    await expectFaults('events', lossy, ['missed'])
  })

  test('kills: batches that are written one by one', { timeout: TIMEOUT_MS }, async () => {
    // a single kill may come between two batches
    const scale = { ...SMALL, kills: { ...SMALL.kills, cycles: 5 } }
    await expectFaults('kills', mutant('batch-one-by-one'), ['torn'], scale)
  })

  test('prune: sessions that stay when their flows go', { timeout: TIMEOUT_MS }, async () => {
    await expectFaults('prune', mutant('prune-leaves-sessions'), ['old flows left'])
  })

  test('outbox: an event that is recorded outside the transaction', { timeout: TIMEOUT_MS }, async () => {
    const outside = broken(new URL('./outside-log.ts', import.meta.url).href)
    await expectFaults('outbox', outside, ['events without their order', 'undone and there'])
  })

  withOwnServer('redis', () => {
    test('kills: a server that keeps nothing on disk', { timeout: TIMEOUT_MS }, async () => {
      const forgetful = openServer('redis', start('redis', { durable: false }))
      await expectFaults('kills', forgetful, ['lost'])
    })
  })
})
