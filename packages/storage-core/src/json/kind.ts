import { types } from 'node:util'

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Whether an object is of no class; one of another realm counts too. */
export function isPlainObject(value: object): boolean {
  if (typeof value === 'function') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** The keys of an object's data; none for what is better told by its own `toString`. */
export function ownData(value: object): string[] {
  const hasOwnText =
    typeof value === 'function' ||
    value instanceof Error ||
    types.isNativeError(value) ||
    types.isRegExp(value)
  return hasOwnText ? [] : Object.keys(value)
}
