/** What a part of the load saw. */
export interface Figures {
  readonly part: string
  /** How much there was of what. */
  readonly ran: Readonly<Record<string, number>>
  /** What must be 0: broken promises by kind. */
  readonly broken: Readonly<Record<string, number>>
  /** Where the load was too light to prove anything. */
  readonly short: readonly string[]
}

/** The demands on the load itself that were not met; each is how much of what there was, and the least of it. */
export function shortOf(demands: Readonly<Record<string, readonly [seen: number, least: number]>>): string[] {
  return Object.entries(demands)
    .filter(([, [seen, least]]) => seen < least)
    .map(([what, [seen, least]]) => `${what}: ${seen} and not ${least}`)
}

export function isGood({ broken, short }: Figures): boolean {
  return short.length === 0 && Object.values(broken).every((count) => count === 0)
}

/** Adds counts of the same names. */
export function total<K extends string>(
  names: readonly K[],
  counts: readonly Readonly<Record<K, number>>[],
): Record<K, number> {
  const sums = names.map((name) => [name, counts.reduce((sum, one) => sum + one[name], 0)])
  return Object.fromEntries(sums) as Record<K, number>
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')

/** One line of figures. */
export function render(backend: string, figures: Figures, seconds: number): string {
  const { part, ran, broken, short } = figures
  const load = short.length === 0 ? '' : ` | LOAD NOT MET: ${short.join('; ')}`
  const verdict = isGood(figures) ? 'ok' : 'FAIL'
  return `${verdict} ${backend} ${part}: ${listed(ran)} | must be 0: ${listed(broken)}${load} | ${seconds.toFixed(1)} s`
}
