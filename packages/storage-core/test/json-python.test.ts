import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idempotencyKey } from '../src/helpers/idempotency-key.ts'
import { loadsJson } from '../src/json/decode.ts'
import { dumpsJsonDict, pyFloat } from '../src/json/encode.ts'
import { compareCodePoints } from '../src/json/string.ts'

// Each line is JSON text in a JSON string; each answer is the text Python writes, and the original's idempotency key.
const PROGRAM = `
import hashlib, json, sys
for line in sys.stdin.buffer:
    text = json.loads(line)
    out = json.dumps(json.loads(text), sort_keys=True, default=str)
    print(json.dumps([out, hashlib.sha256(("d:s:" + out).encode("utf-8")).hexdigest()]))
`

const python = spawnSync('python3', ['-c', 'pass']).status === 0

const text = fc.string({ unit: 'binary', maxLength: 12 })
/** Halves of pairs, and what may follow one: few, so that many keys begin alike. */
const lone = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\ud83d', '\ud83e', '\ude00', '\ude01', 'a', 'b', '\uffff', '\ue000'),
    fc.integer({ min: 0xd7ff, max: 0xe001 }).map((unit) => String.fromCharCode(unit)),
  ),
  maxLength: 4,
})
const quoted = fc.oneof(text, fc.string({ maxLength: 12 }), lone).map((value) => JSON.stringify(value))
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
  fc.integer().map(String),
  fc.integer().map((value) => `${value}.0`),
  finite.map((value) => value.toExponential()),
  finite.filter((value) => !Number.isInteger(value)).map(String),
  fc
    .tuple(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: -330, max: 300 }))
    .map(([digits, power]) => `${digits}E${power}`),
  fc.constantFrom(
    '-0',
    '-0.0',
    '0',
    '9007199254740991',
    '9007199254740992',
    '1e16',
    '9999999999999998.0',
    '1e-4',
    '1e-5',
    '5e-324',
  ),
)
const blank = fc.constantFrom('', '', '', ' ', '\n', '\t ')
const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(number, quoted, fc.constantFrom('true', 'false', 'null')),
    fc
      .tuple(fc.array(tie('document'), { maxLength: 5 }), blank)
      .map(([items, pad]) => `[${pad}${items.join(`${pad},`)}]`),
    fc
      .tuple(
        fc.array(fc.tuple(fc.oneof(quoted, fc.constant('"__proto__"')), tie('document')), { maxLength: 6 }),
        blank,
      )
      .map(([pairs, pad]) => `{${pairs.map(([key, value]) => `${pad}${key}:${pad}${value}`).join(',')}}`),
  ),
}))

test.skipIf(!python && process.env['STORAGE_REQUIRE'] !== 'all')(
  'writes what python3 writes, on random documents',
  () => {
    expect(python, 'python3 must be there when STORAGE_REQUIRE=all').toBe(true)
    const seed = Date.now() % 1_000_000
    const documents = fc.sample(document, { numRuns: 600, seed })
    const input = documents.map((one) => `${JSON.stringify(one)}\n`).join('')
    const { stdout, stderr, status } = spawnSync('python3', ['-c', PROGRAM], {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as [string, string])
    expect(answers).toHaveLength(documents.length)
    for (const [index, one] of documents.entries()) {
      const parsed = loadsJson(one, { lossless: true })
      const written = dumpsJsonDict(parsed)
      const key = one.startsWith('{')
        ? idempotencyKey('d', 's', parsed as Record<string, unknown>)
        : answers[index]?.[1]
      expect([written, key], `seed ${seed}: ${one}`).toEqual(answers[index])
    }
  },
)

test('keys have one order, and different ones never count as equal', () => {
  const points = (key: string): readonly number[] => Array.from(key, (point) => point.codePointAt(0) ?? 0)
  const order = (left: readonly number[], right: readonly number[]): number => {
    const at = left.findIndex((point, index) => point !== right[index])
    if (at === -1) return left.length - right.length
    return at >= right.length ? 1 : (left[at] ?? 0) - (right[at] ?? 0)
  }
  fc.assert(
    fc.property(lone, lone, (left, right) => {
      expect(Math.sign(compareCodePoints(left, right))).toBe(Math.sign(order(points(left), points(right))))
      expect(compareCodePoints(left, right) === 0).toBe(left === right)
    }),
    { numRuns: 5_000 },
  )
})

test('one effect has one key, in whatever order its parameters stand', () => {
  const key = (params: Readonly<Record<string, unknown>>): string => idempotencyKey('d', 's', params)
  expect(key({ '\ud83da': 2, '\ud83db': 1 })).toBe(key({ '\ud83db': 1, '\ud83da': 2 }))
})

test.skipIf(!python && process.env['STORAGE_REQUIRE'] !== 'all')('writes floats as python3 does', () => {
  expect(python, 'python3 must be there when STORAGE_REQUIRE=all').toBe(true)
  const floats = fc.sample(finite, 2000).filter((one) => one !== 0)
  const program =
    'import sys, json\nprint("\\n".join(json.dumps(float(x)) for x in sys.stdin.read().split()))'
  const { stdout } = spawnSync('python3', ['-c', program], {
    input: floats.map((one) => one.toExponential()).join('\n'),
    encoding: 'utf8',
  })
  expect(stdout.trimEnd().split('\n')).toEqual(floats.map((one) => dumpsJsonDict(pyFloat(one))))
})
