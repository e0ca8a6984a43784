/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import * as bad from '../../../conformance/src/scenarios/bad-values.ts'
import { HOSTILE, REVOKED, type Values } from './hostile.ts'

export const NO_STRING: Values = [...bad.EXPECTED, null, ...HOSTILE]

export const NO_ID_OR_NULL: Values = [
  ...[...bad.ID_OR_NULL, ...HOSTILE, '\udfff', `${'a'.repeat(510)}é\0`, '😀'.repeat(200)],
]
export const NO_ID: Values = [null, ...NO_ID_OR_NULL]
export const NO_TEXT_OR_NULL: Values = [
  ...[...bad.TEXT_OR_NULL, ...HOSTILE, '\udfff', 'a\0'.repeat(9), '😀'.repeat(16_385)],
]
export const NO_TEXT: Values = [null, ...NO_TEXT_OR_NULL]
export const NO_TOKEN: Values = [...bad.TOKEN, ...HOSTILE, '\ud800']
export const NO_EXPECTED: Values = [...bad.EXPECTED, ...HOSTILE, '\ud800', '"\udfff"']

/** No time in any of the forms taken: no such day, hour or zone, or none of the years 0 to 9999. */
export const NO_TIME: Values = [
  ...[...bad.TIME, ...HOSTILE, '\ud800', '2026-03-01\0', '2026-03-01\n', 'Sun, 01 Mar 2026 10:00:00 GMT'],
  ...'2026-02-29 2025-02-29 1900-02-29 2026-04-31 2026-01-00 2026-01-32 10000-01-01 -000001-01-01'.split(' '),
  ...'2026/03/01 2026-W10-1 2026-060 ２０２６-03-01 1772355600000 +010000-01-01T00:00:00Z'.split(' '),
  ...'9999-12-31T23:59:59-00:01 0000-01-01T00:00:00+00:01 2026-03-01T-1:00:00 2026-03-01T25:00:00'.split(' '),
  ...[...'+2 +02 +02: +02:0 +02:60 +24:00 -24:00 +99:99 z UTC GMT'.split(' '), '  Z'].map(at10),
  ...'+02:00Z Z+02:00 +02:00:00 +-2:00 −02:00 . ,5Z .5.5 .1e3'.split(' ').map(at10),
]

export const NO_NAMESPACE: Values = [
  ...[null, 0, {}, [], ['a'], Symbol('a'), Object('a'), REVOKED, '', 'a b', 'a\0', 'a\n', '\ud800'],
  ...'A 1a _a a-b a.b a:b é a{b} a"b a\'b a\\b pg_ pg_a public information_schema'.split(' '),
  ...['x'.repeat(41), 'é'.repeat(20)],
]
export const NO_PATH: Values = [
  ...[undefined, null, 0, true, 5n, '', '\0', 'a\0b', {}, [], ['a'], Symbol('a'), REVOKED],
]

function at10(rest: string): string {
  return `2026-03-01T10:00:00${rest}`
}
