import { Client, Pool } from 'pg'

/**
 * A user's pool whose clients send other statements than the driver wants: the way from the real driver to a real
 * server, with one thing broken.
 */
export function alteredPool(url: string, alter: (sql: string) => string): Pool {
  class AlteredClient extends Client {}
  const send = Reflect.get(Client.prototype, 'query') as (this: Client, ...args: unknown[]) => unknown
  const altered = function (this: Client, config: string | { text: string }, ...rest: unknown[]): unknown {
    const sent = typeof config === 'string' ? alter(config) : { ...config, text: alter(config.text) }
    return send.call(this, sent, ...rest)
  }
  Object.assign(AlteredClient.prototype, { query: altered })
  return new Pool({ connectionString: url, max: 8, Client: AlteredClient, allowExitOnIdle: true }).on(
    'error',
    () => {},
  )
}

/** `sql` with something else in the place of `part`, if it has that. */
export function replacing(part: string, by: string): (sql: string) => string {
  return (sql) => sql.replaceAll(part, by)
}
