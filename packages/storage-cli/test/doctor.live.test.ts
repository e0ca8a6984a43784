import { type ServerName, SERVER_NAMES } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { freshNamespace } from '../../../test/load/store.ts'
import { expect, onTestFinished, test } from 'vitest'
import { dirStorage } from './command.ts'
import { backendOf, openOn } from './servers.ts'

interface Report {
  readonly ok: boolean
  readonly findings: readonly { readonly level: string; readonly subject: string; readonly text: string }[]
}

const SUBJECTS: Readonly<Record<ServerName, readonly string[]>> = {
  postgres: ['server', 'durability', 'schema', 'clock', 'role', 'indexes', 'sequences', 'capabilities'],
  redis: ['server', 'durability', 'schema', 'clock', 'sequences', 'capabilities'],
  mongo: ['server', 'durability', 'schema', 'clock', 'indexes', 'sequences', 'capabilities'],
}

for (const name of SERVER_NAMES)
  withServer(name, (url) => {
    test('doctor says of each subject how it is, and makes no namespace', async () => {
      const namespace = freshNamespace()
      onTestFinished(() => backendOf(name).then((backend) => backend.destroy(namespace)))
      const look = () => dirStorage('doctor', '-s', url, '-n', namespace, '--json', '--timeout', '20s')
      for (let looks = 0; looks < 2; looks++) {
        const before = await look()
        const { ok, findings } = JSON.parse(before.stdout) as Report
        expect([before.code, ok, findings.map(({ subject }) => subject)]).toEqual([1, false, ['schema']])
      }
      await using storage = await openOn(name, namespace)
      await storage.init()
      const { findings } = JSON.parse((await look()).stdout) as Report
      expect(findings.map(({ subject }) => subject)).toEqual(SUBJECTS[name])
      expect(findings.filter(({ level, subject }) => level !== 'ok' && subject !== 'durability')).toEqual([])
    })
  })
