import { knownMembers } from './objects.ts'
import { refuse } from './validate.ts'

const NOT_SET = 'if it comes from an environment variable, that is not set'

/**
 * The options of a factory, or of `dropNamespace`: own known names only. A string alone is the first of `places`, by which
 * the store is found; at least one of them must be there.
 */
export function storeOptions<K extends string>(
  given: unknown,
  places: readonly K[],
  others: readonly K[],
): { readonly [P in K]?: unknown } {
  const [first] = places
  if (first === undefined) return named(given, others)
  if (given === undefined) refuse('options', `must be given, or the ${first} alone; ${NOT_SET}`)
  if (typeof given === 'string') return { [first]: given } as { [P in K]?: unknown }
  const found = named(given, [...places, ...others])
  if (places.some((place) => found[place] !== undefined)) return found
  if (places.length > 1 && !(first in found)) refuse('options', `must have one of ${places.join(', ')}`)
  const choice = places.length === 1 ? '' : ` (or ${places.slice(1).join(', or ')})`
  return refuse(first, `must be given${choice}; ${NOT_SET}`)
}

/** A method's trailing options: leaving them out is allowed. */
export function options<K extends string>(
  value: unknown,
  keys: readonly K[],
): { readonly [P in K]?: unknown } {
  return value === undefined ? {} : named(value, keys)
}

function named<K extends string>(given: unknown, known: readonly K[]): { readonly [P in K]?: unknown } {
  return knownMembers('options', given, known, (name) => {
    // a name is shown only where it can be one: what was spread by mistake may hold anything
    const shown = typeof name === 'string' && /^[A-Za-z]\w{0,39}$/.test(name) ? name : ''
    const near = (one: string): number => distance(shown.toLowerCase(), one.toLowerCase())
    const [meant] = known.filter((one) => isLike(shown, one)).toSorted((a, b) => near(a) - near(b))
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `${meant} seems to be meant`
    return refuse(
      'options',
      `must not have ${shown === '' ? 'an unknown member' : `the unknown ${shown}`}; ${hint}`,
    )
  })
}

/** Whether `name` is `known`, but for its case, a part of it, or one or two letters. */
function isLike(name: string, known: string): boolean {
  const [left, right] = [name.toLowerCase(), known.toLowerCase()]
  const [short, long] = left.length < right.length ? [left, right] : [right, left]
  return (short.length > 2 && long.includes(short)) || (short.length > 3 && distance(left, right) <= 2)
}

/** How many letters must be put in, left out or changed to make `right` of `left`. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let at = 1; at <= left.length; at++) {
    const next = [at]
    for (let to = 1; to <= right.length; to++) {
      const changed = (row[to - 1] ?? 0) + Number(left[at - 1] !== right[to - 1])
      next.push(Math.min(changed, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
