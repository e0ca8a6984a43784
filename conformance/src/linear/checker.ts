/** What is known of one call: between these two moments it took effect, and answered so. */
export interface Observed<Input = unknown> {
  readonly input: Input
  /** Absent: the caller got no answer it can rely on, so it took effect at any time since `start`, or never. */
  readonly output?: unknown
  readonly start: number
  readonly end: number
}

/** How one object behaves that serves a call at a time. */
export interface Sequential<State, Input> {
  readonly initial: State
  /** The state after the call; undefined if the object, in that state, would not have answered so. */
  readonly step: (state: State, call: Observed<Input>) => State | undefined
  /** Equal texts for equal states. */
  readonly key: (state: State) => string
}

/**
 * Whether some order of the calls, in which none comes before one that ended before it began, explains all answers:
 * Wing and Gong's search, remembering which places it has been to. `gave-up` after `budget` places.
 */
export function linearizable<State, Input>(
  { initial, step, key }: Sequential<State, Input>,
  history: readonly Observed<Input>[],
  budget = 200_000,
): 'yes' | 'no' | 'gave-up' {
  const calls = history.toSorted((a, b) => a.start - b.start)
  const visited = new Set<string>()
  const placed = new Uint8Array(calls.length)

  /** `first`: all calls before that index are placed. */
  const search = (state: State, left: number, first: number): boolean => {
    if (left === 0) return true
    let from = first
    while (placed[from] === 1) from++
    const place = `${from} ${Buffer.from(placed.subarray(from)).toString('latin1')} ${key(state)}`
    if (visited.size >= budget || visited.has(place)) return false
    visited.add(place)
    let firstEnd = Infinity
    for (let index = from; index < calls.length; index++) {
      const call = calls[index] as Observed<Input>
      if (placed[index] === 1) continue
      if (call.start > firstEnd) break // it began after another, not yet placed, had ended
      const known = 'output' in call
      const next = step(state, call)
      if (next !== undefined) {
        placed[index] = 1
        if (search(next, left - Number(known), from)) return true
        placed[index] = 0
      }
      if (known) firstEnd = Math.min(firstEnd, call.end)
    }
    return false
  }

  if (search(initial, calls.filter((call) => 'output' in call).length, 0)) return 'yes'
  return visited.size >= budget ? 'gave-up' : 'no'
}

/** The shortest beginning of a history that no order explains: calls not yet answered by then count as unanswered. */
export function shortestFailure<State, Input>(
  object: Sequential<State, Input>,
  history: readonly Observed<Input>[],
): Observed<Input>[] {
  const ends = history.map(({ end }) => end).sort((a, b) => a - b)
  let [low, high] = [0, ends.length - 1]
  const until = (moment: number): Observed<Input>[] =>
    history
      .filter(({ start }) => start < moment)
      .map((call) => (call.end <= moment ? call : { input: call.input, start: call.start, end: Infinity }))
  while (low < high) {
    const middle = (low + high) >> 1
    if (linearizable(object, until(ends[middle] ?? Infinity)) === 'no') high = middle
    else low = middle + 1
  }
  return until(ends[high] ?? Infinity).toSorted((a, b) => a.start - b.start)
}
