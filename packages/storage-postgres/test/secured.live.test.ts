import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isStorageError } from '@dir/storage-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NoServerError, type Server, start, startPgBouncer } from '../../../scripts/servers/index.ts'
import { orSkip, withOwnServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { newName, sql, withDatabase } from './databases.ts'

/** One for `localhost` that nobody has signed. */
async function makeCertificate(key: string, certificate: string): Promise<void> {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  try {
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', certificate], {
      stdio: 'ignore',
    })
  } catch (error) {
    throw new NoServerError('openssl', 'install it', error)
  }
}

// What an operator sets up wrong: each error names the cause, and what to do.
withOwnServer('postgres', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('postgres')
  }, 60_000)
  afterAll(() => server.stop())

  const refusal = async (options: Parameters<typeof postgresStorage>[0]): Promise<unknown> => {
    const storage = postgresStorage(options)
    const error: unknown = await storage.init().catch((reason: unknown) => reason)
    await storage.close()
    return error
  }
  const expected = (code: string, message: RegExp, cause: object = {}): unknown =>
    expect.objectContaining({
      code: `STORAGE_${code}`,
      outcome: 'not-applied',
      message: expect.stringMatching(message) as string,
      cause: expect.objectContaining(cause) as object,
    })

  test('a password that is wrong, and one that is changed while the handle is open', async () => {
    const role = newName()
    await sql(server.url, `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'first'`)
    const rules = path.join(server.dir, 'data', 'pg_hba.conf')
    writeFileSync(rules, `host all ${role} 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`)
    await sql(server.url, 'SELECT pg_reload_conf()')
    const url = new URL(server.url)
    url.username = role
    url.password = 'wrong'
    const refused = expected('AUTH', /user and password/, {
      code: '28P01',
      message: expect.stringContaining(role),
    })
    expect(await refusal(url.href)).toEqual(refused)
    url.password = ''
    expect(await refusal(url.href)).toEqual(expected('AUTH', /user and password/))
    url.password = 'first'
    const namespace = newName()
    const storage = postgresStorage({ url: url.href, namespace })
    await storage.init()
    await sql(
      server.url,
      `ALTER ROLE ${role} PASSWORD 'second'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
    )
    const told = (): Promise<unknown> =>
      storage.context.setSession('f', '{}').catch((error: unknown) => error)
    let error = await told()
    while (isStorageError(error) && error.code === 'STORAGE_UNAVAILABLE') error = await told()
    expect(error).toEqual(refused)
    await storage.close()
    await sql(server.url, `DROP SCHEMA ${namespace} CASCADE; DROP ROLE ${role}`)
  })

  test('a database, a host or a port that is not there', async () => {
    const url = new URL(server.url)
    url.pathname = '/nowhere'
    expect(await refusal(url.href)).toEqual(expected('UNAVAILABLE', /no such database/, { code: '3D000' }))
    url.port = '1'
    expect(await refusal(url.href)).toEqual(expected('UNAVAILABLE', /ECONNREFUSED.*host and port/))
  })

  test('tables without rights', async () => {
    await withDatabase(server.url, '', async (url) => {
      const owner = postgresStorage(url)
      await owner.init()
      await owner.close()
      const role = newName()
      await sql(server.url, `CREATE ROLE ${role} LOGIN`)
      const theirs = new URL(url)
      theirs.username = role
      const grant = expected('PERMISSION', /Grant it USAGE on the schema, SELECT/, { code: '42501' })
      expect(await refusal(theirs.href)).toEqual(grant)
      await sql(url, `GRANT USAGE ON SCHEMA dir_storage TO ${role}`)
      expect(await refusal(theirs.href)).toEqual(grant)
      await sql(
        url,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dir_storage TO ${role};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA dir_storage TO ${role}`,
      )
      expect(await refusal(theirs.href)).toBe(undefined)
      const elsewhere = { url: theirs.href, namespace: 'another' }
      expect(await refusal(elsewhere)).toEqual(
        expected('PERMISSION', /CREATE on the database/, { code: '42501' }),
      )
      await sql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
  })

  test('TLS: none on this port, a certificate that is not trusted, one for another name, and one that is right', async (context) => {
    expect(await refusal({ connection: { connectionString: server.url, ssl: true } })).toEqual(
      expected('CONFIGURATION', /no TLS on this port/),
    )
    const data = path.join(server.dir, 'data')
    const [key, certificate] = [path.join(data, 'server.key'), path.join(data, 'server.crt')]
    await orSkip(context, makeCertificate(key, certificate))
    const { uid, gid } = statSync(data)
    chownSync(key, uid, gid)
    appendFileSync(path.join(data, 'postgresql.conf'), `ssl = on\n`)
    await sql(server.url, 'SELECT pg_reload_conf()')
    const ca = readFileSync(certificate, 'utf8')
    const to = (ssl: object): { readonly connection: object } => ({
      connection: { connectionString: server.url, ssl },
    })
    expect(await refusal(to({}))).toEqual(
      expected('CONFIGURATION', /certificate is not trusted/, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    )
    expect(await refusal(to({ ca }))).toEqual(
      expected('CONFIGURATION', /another name/, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    )
    expect(await refusal(to({ ca, servername: 'localhost', checkServerIdentity: () => undefined }))).toBe(
      undefined,
    )
    await sql(server.url, 'DROP SCHEMA dir_storage CASCADE')
  })

  test('a pooler in statement mode, and one without room', async (context) => {
    const inStatements = await orSkip(context, startPgBouncer(server.url, { mode: 'statement' }))
    expect(await refusal(inStatements.url)).toEqual(
      expected('CONFIGURATION', /Use transaction mode/, { code: '08P01' }),
    )
    await inStatements.stop()
    const small = await startPgBouncer(server.url, { clients: 1 })
    const first = postgresStorage({ url: small.url, poolSize: 1 })
    await first.init()
    expect(await refusal({ url: small.url, operationTimeoutMs: 500 })).toEqual(
      expected('UNAVAILABLE', /The pooler .* refused/, {
        code: '08P01',
        message: expect.stringMatching(/./),
      }),
    )
    await first.close()
    await small.stop()
    await sql(server.url, 'DROP SCHEMA dir_storage CASCADE')
  })
})
