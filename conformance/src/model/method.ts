/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import type { Capability, Protocol } from '@dir/storage-core'
import fc from 'fast-check'
import { HOSTILE_IDS } from '../scenarios/hostile-ids.ts'
import type { ModelState } from './state.ts'

/** One method of the contract, as the model has it. */
export interface Method<Args extends readonly unknown[] = readonly never[]> {
  readonly protocol: Protocol
  readonly name: string
  /** Beyond the seed methods. */
  readonly capability?: Capability
  readonly args: { readonly [I in keyof Args]: fc.Arbitrary<Args[I]> }
  /** The name of each argument that is an id, null for the others. */
  readonly ids: readonly (string | null)[]
  /** Changes the state and says what is answered: a value with holes, or a refusal. */
  readonly run: (state: ModelState, ...args: Args) => unknown
}

/** A method of which the programs only keep the arguments. */
export function method<const Args extends readonly unknown[]>(
  protocol: Protocol,
  name: string,
  capability: Capability | null,
  ids: readonly (string | null)[],
  args: { readonly [I in keyof Args]: fc.Arbitrary<Args[I]> },
  run: (state: ModelState, ...args: Args) => unknown,
): Method {
  const known = { protocol, name, args, ids, run } as unknown as Method
  return capability === null ? known : { ...known, capability }
}

/** Instead of a token or a fence: the number of one that was given before. */
export class Ref {
  readonly kind: 'token' | 'fence' | 'seq'
  readonly back: number
  constructor(kind: 'token' | 'fence' | 'seq', back: number) {
    this.kind = kind
    this.back = back
  }
}

const MALFORMED_IDS = ['', 'a\0b', 'a\ud800', '\udc00', 'x'.repeat(513), 'é'.repeat(257)]

/** Whether the contract takes it as an id. */
export function validId(id: string): boolean {
  return id !== '' && id.isWellFormed() && !id.includes('\0') && Buffer.byteLength(id) <= 512
}

/** Mostly one of a few, so that calls meet; 15 % hostile, a few of them malformed. */
export const ID: fc.Arbitrary<string> = fc.oneof(
  { weight: 85, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 12, arbitrary: fc.constantFrom(...HOSTILE_IDS) },
  { weight: 3, arbitrary: fc.constantFrom(...MALFORMED_IDS) },
)

export const TEXT: fc.Arbitrary<string> = fc.constantFrom(
  ...['', 'A', 'a', 'A ', 'B', 'ACTIVE', 'é 😀', 'e\u0301 😀', "'; --"],
)

export const JSON_TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '1',
    '1.0',
    ' 1',
    'null',
    '0',
    '""',
    'false',
    '{}',
    '[]',
    '{"b": 1, "a": []}',
    '9007199254740993',
  ),
  fc.constantFrom('{"a":"\\u0000"}', '{"a":1,"a":2}', '1e400', '-0', '{"__proto__": 1}', '"\\ud800"'),
  fc.json({ maxDepth: 3 }),
)

/** An object as results and details are: its values are what JSON can hold. */
export const OBJECT: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  fc.constantFrom('a', 'b', '__proto__', 'é'),
  fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0.1, 1e21, [], {})) as fc.Arbitrary<unknown>,
  { maxKeys: 3 },
)

export const nullable = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(of, { nil: null, freq: 3 })

export const ref = (kind: Ref['kind']): fc.Arbitrary<Ref> => fc.nat(3).map((back) => new Ref(kind, back))
