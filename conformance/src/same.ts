/** Whether two values are the same, whole, as `Assert.equal` defines it. Classes of two copies of a package are one. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (kindOf(a) !== kindOf(b) || a instanceof Map || a instanceof Set || a instanceof Date) return false
  if (a instanceof Error && a.message !== (b as Error).message) return false
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && same(member(a, key), member(b, key)))
}

function member(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key]
}

/** An object without prototype is a plain one. */
function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null
  return prototype === null ? 'Object' : (prototype.constructor?.name ?? 'Object')
}
