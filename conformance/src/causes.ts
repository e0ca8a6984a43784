const DEEPEST = 8

interface ErrorLike {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** A line for each error that an error came of, the nearest first. */
export function causesOf(error: unknown, depth = 0): string[] {
  const { cause, errors } = (error ?? {}) as ErrorLike
  const next: unknown[] = [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]
  if (depth === DEEPEST) return []
  return next
    .filter((one) => one !== undefined)
    .flatMap((one) => [`${'  '.repeat(depth)}caused by ${textOf(one)}`, ...causesOf(one, depth + 1)])
}

function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { name, message, code } = error as ErrorLike
  const title = [name, code].filter((one) => typeof one === 'string' || typeof one === 'number')
  return `${title.join(' ') || 'an error'}: ${typeof message === 'string' ? message : ''}`
}
