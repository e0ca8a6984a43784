/** About what a value takes in memory, in bytes: enough to bound a queue by. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  if (typeof value !== 'object' || value === null) return 8
  let bytes = 16
  if (value instanceof Map) for (const [key, item] of value) bytes += 16 + sizeOf(key) + sizeOf(item)
  else if (Array.isArray(value)) for (const item of value) bytes += sizeOf(item)
  // all that is there are plain objects of ours
  else for (const key in value) bytes += sizeOf((value as Readonly<Record<string, unknown>>)[key])
  return bytes
}
