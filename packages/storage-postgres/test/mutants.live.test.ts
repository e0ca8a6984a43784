import { type Backend, createRun } from '@dir/storage-conformance'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { type PostgresTarget, dropNamespace, postgresStorage } from '../src/index.ts'
import { newName } from './databases.ts'
import { alteredPool, replacing } from './mutants/altered-pool.ts'
import noLocks from './mutants/no-locks.ts'
import oldView from './mutants/old-view.ts'
import unorderedEvents from './mutants/unordered-events.ts'
import { proxyTo } from './proxy.ts'

const mutants: readonly (readonly [file: string, mutant: Backend, killers: readonly string[]])[] = [
  ['no-locks', noLocks, ['races/the-last-room-goes-to-one', 'linearizability/lock']],
  ['old-view', oldView, ['linearizability/lock']],
  ['unordered-events', unorderedEvents, ['processes/readers-miss-no-event']],
]

withServer('postgres', (server) => {
  test.each(mutants)(
    '%s: the suite finds it out',
    async (file, mutant, killers) => {
      const run = createRun(mutant, new URL(`mutants/${file}.ts`, import.meta.url).href, { only: killers })
      const verdicts = []
      for (const planned of run.planned) verdicts.push((await run.execute(planned)).verdict)
      await run.end()
      expect(verdicts).toEqual(killers.map(() => 'fail'))
    },
    120_000,
  )

  test('commits whose numbers nobody looks at: a lost reply doubles them', async () => {
    const eventsAfterLostReply = async (connect: (url: string) => PostgresTarget): Promise<number> => {
      const namespace = newName()
      const proxy = await proxyTo(server)
      const storage = postgresStorage({ ...connect(proxy.url), namespace })
      await storage.init()
      proxy.fault = { does: 'cut', at: 'recordMany' }
      await storage.decisionAudit.record('f', 'e')
      const events = await storage.decisionAudit.allEventsChronological()
      await storage.close()
      await proxy.close()
      await dropNamespace({ url: server, namespace })
      return events.length
    }
    const nameless = replacing('IF kept.number = commit_number THEN', 'IF false THEN')
    expect(await eventsAfterLostReply((url) => ({ pool: alteredPool(url, nameless) }))).toBe(2)
    expect(await eventsAfterLostReply((url) => ({ url }))).toBe(1)
  })
})
