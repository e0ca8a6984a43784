/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import * as bad from '../../../conformance/src/scenarios/bad-values.ts'
import { HOSTILE, REVOKED, TRAPPED, type Values, thrower, within } from './hostile.ts'

/** No JSON text: of a wrong type, not RFC 8259, half a surrogate pair, too deep, too many digits. */
export const NO_JSON: Values = [
  ...[...bad.JSON_TEXT, ...HOSTILE, '\v1', '\u00a01', '"\t"', '"\0"', '{"\udc00":1}', '[1 2]', '{"a" 1}'],
  ...String.raw`nul True None - 1e --1 0b1 1_000 /**/1 . {,} {"a":} {"a" [,] "\x" "\u12" 1n "\ud8`.split(' '),
  ...[`${'{"a":'.repeat(501)}1${'}'.repeat(501)}`, `${'[{"a":'.repeat(251)}1${'}]'.repeat(251)}`],
  ...[`{"a":${'9'.repeat(4_301)}}`, `[0,-${'9'.repeat(4_301)}]`],
]

/** How large the JSON of one record may be, on the handles that are tested. */
export const LIMIT = 65_536
/** JSON texts of one byte too many, of one, two and four bytes a character; and much too large. */
export const LARGE_JSON: Values = [
  ...[quoted(LIMIT - 1), quoted(LIMIT / 2, 'é'), quoted(LIMIT / 4, '😀'), quoted(LIMIT), quoted(LIMIT * 20)],
  ...[`${' '.repeat(LIMIT)}1`, `1${'\n'.repeat(LIMIT)}`, `[${'1,'.repeat(LIMIT / 2)}1]`],
  ...[`{"${'k'.repeat(LIMIT)}":1}`, `0.${'1'.repeat(LIMIT)}`],
]

/** Nothing that is encoded as a JSON object. */
export const NO_OBJECT_OR_NULL: Values = [
  ...[...bad.OBJECT_OR_NULL, ...HOSTILE, { in: REVOKED }, { in: [TRAPPED] }, { toJSON: () => [] }, knot()],
  ...[{ toJSON: () => 'x' }, { toJSON: () => undefined }, { toJSON: thrower }, { in: new Map([[1, 1]]) }],
  ...[{ in: { toJSON: thrower } }, { digits: -(10n ** 4_300n) }],
]
export const NO_OBJECT: Values = [null, ...NO_OBJECT_OR_NULL]
/** Objects whose JSON takes too many bytes: a character beyond ASCII takes six. */
export const LARGE_OBJECT: Values = within(
  [
    ...['x'.repeat(LIMIT - 9), 'x'.repeat(LIMIT), 'x'.repeat(LIMIT * 20), '"'.repeat(LIMIT / 2)],
    ...['é'.repeat(LIMIT / 6), '😀'.repeat(LIMIT / 12), '\0'.repeat(LIMIT / 6), Array(LIMIT).fill(1)],
    ...[Array(LIMIT / 2).fill({}), new Set(Array(LIMIT / 2).keys())],
  ],
  (value) => ({ in: value }),
)

/** Python raises on these, or writes them otherwise: none may be in what a key is made of. */
export const NO_PARAMETER: Values = [
  ...[Number.NaN, Infinity, -Infinity, Symbol('x'), () => 1, new Date(0), /x/, new Map(), new Set(), REVOKED],
  ...[
    new Error('x'),
    { toJSON: () => 1 },
    Object('x'),
    TRAPPED,
    new (class {})(),
    10n ** 4_300n,
    [[Infinity]],
  ],
]

function quoted(characters: number, character = 'x'): string {
  return `"${character.repeat(characters)}"`
}

/** A cycle through a Map and a Set. */
function knot(): object {
  const map = new Map<string, unknown>()
  map.set('in', new Set([{ map }]))
  return { map }
}
