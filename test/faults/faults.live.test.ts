import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SERVER_NAMES } from '../../scripts/servers/index.ts'
import { withOwnServer } from '../../scripts/servers/live.ts'
import type { Result } from './finding.ts'
import { PARTS, type PartName } from './parts.ts'
import { BROKEN, type Broken, oneByOne } from './broken.ts'
import { report } from './report.ts'
import { type Scale, SMALL } from './scale.ts'
import { type Store, openStore } from './store.ts'
import { storm } from './storm.ts'
import { table } from './table.ts'

// Nothing here is measured by the clock, and the machine may be busy.
const TIMEOUT_MS = 300_000

for (const name of SERVER_NAMES)
  withOwnServer(name, () => {
    let store: Store | undefined
    beforeAll(async () => {
      store = await openStore(name)
    })
    afterAll(() => store?.server.stop())

    test.each(Object.keys(PARTS) as PartName[])(
      '%s: no promise is broken',
      { timeout: TIMEOUT_MS },
      async (part) => {
        if (store === undefined) throw new Error('There is no store.')
        const seed = Math.floor(Math.random() * 1e9)
        const begun = performance.now()
        const result = await PARTS[part](store, { ...SMALL, seed, only: '' })
        const seconds = (performance.now() - begun) / 1_000
        const { isGood, lines } = report(name, result, { seconds, only: '' })
        console.log(`seed ${seed}\n${lines.join('\n')}`)
        expect(isGood ? [] : lines).toEqual([])
      },
    )
  })

describe('a handle that breaks its promises is found out', () => {
  withOwnServer('redis', () => {
    let store: Store | undefined
    beforeAll(async () => {
      store = await openStore('redis')
    })
    afterAll(() => store?.server.stop())

    const breaches = async (
      part: (store: Store, scale: Scale) => Promise<Result>,
      { broken }: Broken,
      only: string,
    ): Promise<string[]> => {
      if (store === undefined) throw new Error('There is no store.')
      const { findings } = await part({ ...store, broken }, { ...SMALL, seed: 1, only })
      return [...new Set(findings.map(({ breach }) => breach as string))]
    }

    test.each(Object.entries(BROKEN))('%s', { timeout: TIMEOUT_MS }, async (_, handle) => {
      expect(await breaches(table, handle, 'intentRetry.increment')).toContain(handle.breach)
    })

    test('a batch is made one by one', { timeout: TIMEOUT_MS }, async () => {
      expect(await breaches(table, oneByOne, 'saga.markDirty')).toContain(oneByOne.breach)
    })

    test('the same in the storm', { timeout: TIMEOUT_MS }, async () => {
      const hasty = BROKEN['a write that may not have happened is acknowledged'] as Broken
      expect(await breaches(storm, hasty, '')).toContain(hasty.breach)
    })
  })
})
