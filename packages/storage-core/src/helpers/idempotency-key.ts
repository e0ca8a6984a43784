import { createHash } from 'node:crypto'
import { InvalidArgumentError } from '../errors/index.ts'
import { Encoder } from '../json/encoder.ts'
import { isPlain } from '../rules/objects.ts'
import { reading, string } from '../rules/validate.ts'

/**
 * The key under which an effect is executed once: the same as the Python runtime computes.
 *
 * It is the lower-case hex SHA-256 of `dfid + ":" + stepId + ":" + params as JSON`, keys sorted by code point. Numbers
 * count as they are written: 1, `pyFloat(1)` and true give three keys, 1 and 1n one. Of `params` that were read from a
 * store, Python's key is that of a handle with `numbers: 'exact'`, or of `loadsJson(text, { lossless: true })`.
 *
 * @throws InvalidArgumentError for a `dfid` or `stepId` that is not well-formed, and for `params` that hold anything
 * but null, booleans, finite numbers, bigints, PyFloats, strings, arrays and plain objects: Python raises on the rest
 * or writes it otherwise, and two keys for one effect would run it twice.
 * Original: the runtime's `idempotency_key` in `dir_core`.
 */
export function idempotencyKey(
  dfid: string,
  stepId: string,
  params: Readonly<Record<string, unknown>>,
): string {
  const prefix = `${string('dfid', dfid)}:${string('stepId', stepId)}:`
  const json = reading('params', () => {
    if (!isPlain(params)) throw new InvalidArgumentError('params', 'is not a plain object')
    return new Encoder({ argument: 'params', sortKeys: true, nativeOnly: true }).encode(params)
  })
  return createHash('sha256')
    .update(prefix + json, 'utf8')
    .digest('hex')
}
