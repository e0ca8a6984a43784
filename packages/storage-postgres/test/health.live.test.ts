import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { SCHEMA_VERSION, postgresGrants, postgresSchema, postgresStorage } from '../src/index.ts'
import { newName, sql, withDatabase } from './databases.ts'

/** Of a store where nothing is missing but what a test names, on a server as these are. */
const SOUND = {
  server: expect.stringMatching(/^PostgreSQL \d/),
  schemaVersion: SCHEMA_VERSION,
  clock: expect.any(String),
  raisedNumbers: '',
  synchronousCommit: 'on',
  fsync: 'on',
  durable: true,
  locksProved: 'by two connections',
  preparedStatements: true,
}

withServer('postgres', (server) => {
  test('health() tells the clock, and names rights and indexes that are missing and sequences that were raised', async () => {
    await withDatabase(server, postgresSchema(), async (url) => {
      const role = newName()
      await sql(
        url,
        `CREATE ROLE ${role} LOGIN; ${postgresGrants(role)}
        REVOKE DELETE ON dir_storage.resource_locks FROM ${role}; REVOKE USAGE ON SEQUENCE dir_storage.order_seq FROM ${role};
        DROP INDEX dir_storage.flow_status_status`,
      )
      const theirs = new URL(url)
      theirs.username = role
      const [storage, owner] = [postgresStorage({ url: theirs.href, init: false }), postgresStorage(url)]
      expect((await storage.health()).details).toEqual({
        ...SOUND,
        user: role,
        missingRights: 'USAGE on order_seq, DELETE on resource_locks',
        missingIndexes: 'flow_status_status',
      })
      await owner.decisionAudit.record('f', 'e')
      await sql(url, 'UPDATE dir_storage.decision_audit_events SET seq = 7')
      const later = postgresStorage(url)
      const { details } = await later.health()
      expect(details).toEqual({
        ...SOUND,
        user: 'postgres',
        missingRights: '',
        missingIndexes: 'flow_status_status',
        raisedNumbers: 'audit_seq',
      })
      expect(details['clock']).toMatch(/^\d{4}-.*\.\d{6}Z$/)
      await Promise.all([storage.close(), owner.close(), later.close()])
      await sql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
  })
})
