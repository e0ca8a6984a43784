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

for (const name of SERVER_NAMES)
  withServer(name, (server) => {
    test('the page is told the same of a store as of one in memory with the same records, and shows what comes', async (context) => {
      const namespace = freshNamespace()
      onTestFinished(() => backendOf(name).then((backend) => backend.destroy(namespace)))
      const storage = await openOn(name, namespace)
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
      for (const view of ['flows', 'holds', 'requests', 'claims', 'dirty', 'agents', 'flow?id=a']) {
        await page.goto(`${url}#/${view}`)
        await settled(page)
        expect(await page.getByRole('alert').count()).toBe(0)
      }
    })
  })
