import { Redis, type RedisOptions } from 'ioredis'

/** How a mutant sends a script: `send` has the server run a text with the arguments that the driver gave. */
export type Alter = (text: string, send: (text: string) => Promise<unknown>) => Promise<unknown>

/**
 * A user's client whose duplicates do something else with the driver's scripts than the driver wants: the way from
 * the real driver to a real server, with one thing broken.
 */
export function alteredClient(
  url: string,
  alter: Alter,
  options: Omit<RedisOptions, 'replyMapping'> = {},
): Redis {
  const client = new Redis(url, { lazyConnect: true, ...options })
  const run = client.eval.bind(client) as (...args: unknown[]) => Promise<unknown>
  return Object.assign(client, {
    duplicate: (more: RedisOptions) => alteredClient(url, alter, more),
    // the server knows no script, so that each comes as text
    evalsha: () => Promise.reject(Object.assign(new Error('NOSCRIPT altered'), { name: 'ReplyError' })),
    eval: (text: string, ...rest: unknown[]) => alter(text, (altered) => run(altered, ...rest)),
  })
}

/** `text` with something else in the place of `part`, which must be there once. */
export function replaced(text: string, part: string, by: string): string {
  const pieces = text.split(part)
  if (pieces.length !== 2) throw new Error(`the script has not one ${part} any more: correct the mutant`)
  return pieces.join(by)
}

/** Scripts that carry out writes, but for those of the schema. */
export function isWrite(text: string): boolean {
  return text.includes('local function carry_out')
}
