/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
export type Values = readonly unknown[]

export const REVOKED = revoked({})
/** Throws whatever is asked of it. */
export const TRAPPED = new Proxy(
  {},
  {
    get: thrower,
    has: thrower,
    ownKeys: thrower,
    getPrototypeOf: thrower,
    getOwnPropertyDescriptor: thrower,
  },
)

/** What a hostile caller finds beside the suite's lists: none is a text, a number, or a plain object to be read. */
export const HOSTILE: Values = [
  ...[REVOKED, revoked([]), revoked(() => 'x'), TRAPPED, Promise.resolve('x'), new WeakMap(), new Error('x')],
  ...[new (class Id {})(), new (class Text extends String {})('x'), Object.create({ inherited: 1 }), /x/],
  ...[new Uint8Array(1), new ArrayBuffer(1), Symbol.iterator, Object(1n), -5n, false, -0],
]

/** Nothing that ends an iteration. */
export const NO_SIGNAL: Values = [
  ...[null, true, 0, 'abort', {}, { aborted: false }, new AbortController(), new EventTarget(), ...HOSTILE],
]

/** Nothing that can be called. */
export const NO_FUNCTION: Values = [
  ...[undefined, null, 0, 5n, true, '', 'x', {}, [], Symbol('x'), Number.NaN, new Date(0), /x/, new Map()],
  ...[Promise.resolve('x'), REVOKED, { call: () => 1 }],
]

/** No client of any driver. */
export const NO_CLIENT: Values = [
  ...[...NO_FUNCTION, ...HOSTILE, () => {}, class {}, { query: 1 }, { prepare() {}, pragma() {}, open: 1 }],
  ...[{ session: TRAPPED }, { queryRunner: {} }, { inTransaction() {} }, { client: REVOKED }],
]

/** For a member that may be left out: undefined is nothing bad there. */
export function given(values: Values): Values {
  return values.filter((value) => value !== undefined)
}

/** Each bad value where `place` puts it. */
export function within(values: Values, place: (value: unknown) => unknown): Values {
  return values.map(place)
}

export function thrower(): never {
  throw new RangeError('the payload, quoted by the caller')
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}
