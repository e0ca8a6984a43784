import { afterAll, beforeAll, expect, test } from 'vitest'
import { SERVER_NAMES } from '../../scripts/servers/index.ts'
import { withOwnServer } from '../../scripts/servers/live.ts'
import { PARTS, type PartName } from './parts.ts'
import { report } from './report.ts'
import { SMALL } from './scale.ts'
import { type Store, openStore } from './store.ts'

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
        const { isGood, lines } = report(name, result, (performance.now() - begun) / 1_000)
        console.log(`seed ${seed}\n${lines.join('\n')}`)
        expect(isGood ? [] : lines).toEqual([])
      },
    )
  })
