import { memoryStorage } from '@dir/storage-memory'
import { expect, onTestFinished, test } from 'vitest'
import { SERVER_NAMES } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { freshNamespace } from '../../../test/load/store.ts'
import { fillWell } from './filled.ts'
import { eventually, inspecting, open, settled } from './inspecting.ts'
import { backendOf, openOn } from './servers.ts'

const ASKED = [
  'attention',
  'capital',
  'statuses',
  'flows',
  'flows?status=NEW&limit=3',
  'flow?id=b',
  'holds',
  'holds?resource=a',
  'requests',
  'claims',
  'claims?state=ambiguous&limit=2',
  'dirty',
  'agents',
  'events',
  'events?flow=flow%201',
  'events?agent=agent%20a&limit=1',
]

/** The lists of the page, and what stands above each. */
const VIEWS = [
  ['flows', 'Flows'],
  ['holds', 'Capital'],
  ['requests', 'Requests'],
  ['claims', 'Claims'],
  ['dirty', 'Dirty flows'],
  ['agents', 'Agents'],
] as const

for (const backend of SERVER_NAMES)
  withServer(backend, (server) => {
    test('the page is told the same of a store as of one in memory with the same records, and shows what comes', async (context) => {
      const namespace = freshNamespace()
      onTestFinished(() => backendOf(backend).then((module) => module.destroy(namespace)))
      const storage = await openOn(backend, namespace)
      onTestFinished(() => storage.close())
      const [source, copy] = [memoryStorage(), memoryStorage()]
      await fillWell(source)
      for (const target of [storage, copy]) await target.importRecords(source.exportRecords())
      const [url, other] = [await inspecting(storage, server), await inspecting(copy)]
      // an import gives claims new tokens
      const told = async (address: string): Promise<unknown> =>
        JSON.parse(await (await fetch(address)).text(), (key, value: unknown) => key === 'token' || value)
      for (const asked of ASKED) {
        const answer = await told(url + asked)
        expect({ asked, answer }).toEqual({ asked, answer: await told(other + asked) })
      }
      const page = await open(context, `${url}#/overview`)
      await settled(page)
      await page.goto(`${url}#/log?flow=a`)
      await page.getByText('Live', { exact: true }).waitFor()
      await storage.decisionAudit.record('a', 'LATER')
      await eventually(() => page.locator('tbody td:nth-child(4)').first().textContent()).toBe('LATER')
      for (const [view, title] of VIEWS) {
        const { items } = (await told(other + view)) as { items: readonly unknown[] }
        await page.goto(`${url}#/${view}`)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await settled(page)
        expect([view, await page.locator('tbody tr').count()]).toEqual([view, items.length])
      }
    })
  })
