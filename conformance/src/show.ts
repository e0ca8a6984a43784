import { inspect } from 'node:util'

/** A value as a failure shows it: on one line where it fits, cut where it is long. */
export function show(value: unknown): string {
  const text = inspect(value, {
    depth: 12,
    breakLength: 120,
    maxArrayLength: 60,
    maxStringLength: 300,
    sorted: true,
  })
  return text.length > 4_000 ? `${text.slice(0, 4_000)}… (${text.length} characters)` : text
}
