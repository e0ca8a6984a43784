import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // nothing of the store can become markup: templates alone may, and they are lit's
  "require-trusted-types-for 'script'",
  'trusted-types lit-html',
]

/** On every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': POLICY.join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** The status with which a request is refused; null for one that knows the token. */
export function refusalOf(
  { headers, method, url = '' }: IncomingMessage,
  port: number,
  token: string,
): number | null {
  // A page elsewhere may have a name that leads here, but its requests say that name.
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`) return 421
  const [, given = '', rest] = url.split('?', 1)[0]?.split('/') ?? []
  if (!isSame(given, token) || rest === undefined) return 404
  return method === 'GET' ? null : 405
}

/** Takes as long for any text, so that nobody finds the token character by character. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
