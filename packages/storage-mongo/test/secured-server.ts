import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { mongoBinaries } from '../../../scripts/servers/binaries/mongo.ts'
import { makeHome } from '../../../scripts/servers/home.ts'
import { becomePrimary, initiate, SET_NAME } from '../../../scripts/servers/mongo-admin.ts'
import { freePort } from '../../../scripts/servers/places.ts'
import { type Server, serve } from '../../../scripts/servers/server.ts'

export interface SecuredServer extends Server {
  /** Of the authority that made its certificate, which is for 127.0.0.1 only. */
  readonly caFile: string
}

/** A set of one node that wants users, and speaks TLS to those who ask for it. */
export async function startSecured(): Promise<SecuredServer> {
  const { folder, file, origin } = await mongoBinaries()
  const home = makeHome('mongo')
  const port = await freePort()
  const member = `127.0.0.1:${port}`
  const at = (name: string): string => path.join(home.dir, name)
  writeFileSync(at('key-file'), 'between members', { mode: 0o600 })
  const subject = ['-subj', '/CN=ours', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('key'), '-out', at('crt')]
  execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' })
  writeFileSync(at('pem'), readFileSync(at('key'), 'utf8') + readFileSync(at('crt'), 'utf8'))
  const options = {
    dbpath: home.dir,
    port: String(port),
    bind_ip: '127.0.0.1',
    unixSocketPrefix: home.dir,
    replSet: SET_NAME,
    keyFile: at('key-file'),
    tlsMode: 'allowTLS',
    tlsCertificateKeyFile: at('pem'),
    tlsCAFile: at('crt'),
  }
  let isSet = false
  const recipe = {
    title: 'a secured MongoDB',
    command: path.join(folder, file),
    args: [
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      '--tlsAllowConnectionsWithoutCertificates',
    ],
    home,
    readyLine: 'Waiting for connections',
    stopSignal: 'SIGTERM',
    async settle() {
      if (!isSet) await initiate([member])
      isSet = true
      await becomePrimary(member)
    },
  } as const
  const about = { url: `mongodb://${member}/`, port, origin, version: '' }
  return Object.assign(await serve(recipe, about), { caFile: at('crt') })
}
