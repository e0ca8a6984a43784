import { MongoClient } from 'mongodb'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import type { ServerName } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { redisCommand } from '../../../scripts/servers/redis-command.ts'
import { freshNamespace } from '../../../test/load/store.ts'
import { dirStorage } from './command.ts'
import { backendOf, openOn } from './servers.ts'

/** What is printed for a new namespace that is gone at the end of the test. */
async function printed(name: ServerName, url: string) {
  const namespace = freshNamespace()
  onTestFinished(() => backendOf(name).then((backend) => backend.destroy(namespace)))
  const args = ['schema', '--print', '--json', '--role', namespace, '--store', `${url}#${namespace}`]
  const { stdout } = await dirStorage(...args)
  return { namespace, ...(JSON.parse(stdout) as { statements: string; rights: string }) }
}

interface Report {
  readonly ok: boolean
  readonly details: Readonly<Record<string, unknown>>
}

async function doctorOf(url: string, user: string): Promise<Report> {
  const theirs = new URL(url)
  theirs.username = user
  if (theirs.protocol === 'redis:') theirs.password = 'PASSWORD'
  const { stdout } = await dirStorage('doctor', '--json', '--store', `${theirs.href}#${user}`)
  return JSON.parse(stdout) as Report
}

withServer('postgres', (url) => {
  test('what is printed makes a schema that a role with the printed rights can use', async () => {
    const { namespace, statements, rights } = await printed('postgres', url)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`CREATE ROLE ${namespace} LOGIN`)
    await client.query(statements)
    await client.query(rights)
    const { ok, details } = await doctorOf(url, namespace)
    await client.query(`DROP OWNED BY ${namespace}; DROP ROLE ${namespace}`)
    await client.end()
    expect([ok, details['user'], details['missingRights']]).toEqual([true, namespace, ''])
  })
})

withServer('redis', (url) => {
  test('a user with the printed rules can use the namespace', async () => {
    const { namespace, rights } = await printed('redis', url)
    await using storage = await openOn('redis', namespace)
    await storage.init()
    await redisCommand(url, ...(rights.trim().split(' ') as [string, ...string[]]))
    const { ok, details } = await doctorOf(url, namespace)
    await redisCommand(url, 'ACL', 'DELUSER', namespace)
    expect(ok).toBe(true)
    expect(['always', 'everysec', 'no']).toContain(details['appendFsync'])
  })
})

withServer('mongo', (url) => {
  test('what is printed makes a schema in which nothing is missing', async () => {
    const { namespace, statements } = await printed('mongo', url)
    const client = new MongoClient(url)
    const db = client.db('dir_storage')
    for (const line of statements.trim().split('\n')) {
      // as mongosh reads them
      const [, collection = 'null', method = '', args = ''] =
        /db\.(?:getCollection\(("[^"]*")\)\.)?(createCollection|createIndex|updateOne)\((.*)\)$/.exec(line) ??
        []
      const name = JSON.parse(collection) as string | null
      const on = (name === null ? db : db.collection(name)) as unknown as Record<
        string,
        (...of: unknown[]) => Promise<unknown>
      >
      await on[method]?.(...(JSON.parse(`[${args}]`) as unknown[]))
    }
    const { stdout } = await dirStorage('doctor', '--json', '--store', `${url}#${namespace}`)
    await client.close()
    const { ok, details } = JSON.parse(stdout) as Report
    expect([ok, details['missingIndexes']]).toEqual([true, ''])
  })
})
