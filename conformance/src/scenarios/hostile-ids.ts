/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
/** Strings that are ordinary ids, however they look to a query language, a file system or a shell. */
export const HOSTILE_IDS: readonly string[] = [
  // patterns, quotes, operators
  ...String.raw`* ? [a] a* h?llo % _ a% a_ \ a\ \% ' '' " ; -- /* $1 ?1 :name @name <b> &amp; !`.split(' '),
  ...'$ $gt $ne $where $holds $$ROOT $$NOW $seq $set a.$.b {x} { } {{x}} {"$ne":null} ${x} %s'.split(' '),
  "'; DROP TABLE agent_registry; --",
  // separators, and what joining with them confuses
  ...'. .. a.b a b a:b b:c a:b:c : :: a/b a|b a,b a-b / ../a # a#b + ='.split(' '),
  // what JavaScript objects have already
  ...'__proto__ constructor prototype toString hasOwnProperty valueOf length then toJSON'.split(' '),
  // words and numbers that are not read as such
  ...'null undefined true NaN Infinity 0 1 10 01 1.0 1e0 -1 -0 0x10 ACTIVE'.split(' '),
  // white space and control characters
  ...' |  |a | a|a\t|\t|\n|a\n|a\nb|\r\n|\u0001|\u001f|\u007f|\u00a0|\u2028|a\u0001b'.split('|'),
  // case, accents, width and composition make different ids
  ...'A B ß ss SS ẞ i I ı İ é e\u0301 e ﬁ fi \uff21 k K \u212a \u200b a\u200b \ufeff \ufeffa \u00ada'.split(
    ' ',
  ),
  ...'а ж 中 שלום \u202eabc'.split(' '),
  // beyond the basic plane, and the edges of what UTF-8 can hold
  ...'😀 👩‍👩‍👧 \u{10000} \u{10ffff} \ufffd \uffff \ud7ff \ue000'.split(' '),
  // 512 bytes, the most an id may have; two of them differ in the last one
  ...['x'.repeat(512), `${'x'.repeat(511)}y`, 'x'.repeat(511), 'é'.repeat(256), '😀'.repeat(128)],
  incompressible(512),
]

/** Text that a database cannot compress, so that a row of an index is as long as it looks. */
function incompressible(length: number): string {
  let state = 12_345
  let text = ''
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    text += String.fromCodePoint(33 + ((state >> 8) % 94))
  }
  return text
}

/** Ids in the order in which they sort: by UTF-8 bytes. By UTF-16 units, the last three would stand otherwise. */
export const SORTED_IDS: readonly string[] =
  '! 0 10 2 A Z [ _ a a! aa b z ~ \u00e9 \u4e2d \uff21 \uffff \u{10000} 😀'.split(' ')

/** Pairs of ids that become one when they are joined with a separator. */
export const CONFUSABLE_PAIRS: readonly (readonly [string, string])[] = [
  ...':;,|/.-_#+= \n\t\u0001\u001f'.split(''),
  ...['::', '->', '","', '\\', "'", '{', '}'],
].flatMap((separator): [string, string][] => [
  ['a', `b${separator}c`],
  [`a${separator}b`, 'c'],
])
