import { pyFloat } from '@dir/storage-core'

const deep = '['.repeat(499) + '{"a": 1}' + ']'.repeat(499)
const long = JSON.stringify('0123456789abcdef'.repeat(8_192))

/** JSON texts that a store must keep to the byte, with what they mean. */
export const JSON_TEXTS: readonly (readonly [string, unknown])[] = [
  // what is easily taken for nothing
  ['null', null],
  ['false', false],
  ['0', 0],
  ['""', ''],
  ['[]', []],
  ['{}', {}],
  ['"null"', 'null'],
  // numbers, where a store that reads them writes them otherwise
  ['-0', 0],
  ['1.0', pyFloat(1)],
  ['[1.10, 1.100]', [1.1, 1.1]],
  ['[1e2, 1E+2, 1e-7]', [pyFloat(100), pyFloat(100), 1e-7]],
  ['1E400', Infinity],
  ['9007199254740993', 9_007_199_254_740_993n],
  ['[-123456789012345678901234567890]', [-123_456_789_012_345_678_901_234_567_890n]],
  ['0.1000000000000000055511151231257827', 0.1],
  // white space, the order of keys, and keys that are there twice
  [' \t\r\n[ 1 ,\n2 ] ', [1, 2]],
  ['{"b": 1, "a": 2, "10": 3, "9": 4}', { a: 2, b: 1, 9: 4, 10: 3 }],
  ['{"a": 1, "b": 2, "a": 3}', { a: 3, b: 2 }],
  // keys that mean something to a language or a database
  ['{"__proto__": {"x": 1}, "constructor": 2}', JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')],
  ['{"$set": {"a.b": 1, "$ne": null}, "": 0}', { $set: { 'a.b': 1, $ne: null }, '': 0 }],
  // text: escapes stay escapes, characters stay characters
  [String.raw`"\u0000\u001f\/\b\""`, '\0\u001f/\b"'],
  [String.raw`"\ud800 \ud83d\ude00 \u00e9"`, '\ud800 😀 é'],
  ['"😀 é e\u0301 \u2028 \u007f \uffff"', '😀 é e\u0301 \u2028 \u007f \uffff'],
  ['"\'; DROP TABLE agents; -- $1 %s ?"', "'; DROP TABLE agents; -- $1 %s ?"],
  // as deep as allowed, and long
  [deep, JSON.parse(deep)],
  [long, JSON.parse(long)],
]
