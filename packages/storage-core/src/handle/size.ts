/** About what a value takes in memory, in bytes: enough to bound a queue by. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  if (typeof value !== 'object' || value === null) return 8
  const items: Iterable<unknown> = value instanceof Map ? value : Object.values(value)
  let bytes = 16
  for (const item of items) bytes += sizeOf(item)
  return bytes
}
