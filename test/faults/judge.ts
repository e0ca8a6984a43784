import { type Told, saying } from './told.ts'
import type { Expected } from './twins.ts'

/** What was told of one write, and what was there. */
export interface Course {
  readonly expected: Expected
  readonly told: Told
  /** Its answer, comparable to the expected one. */
  readonly answer: string
  /** Whether the numbers in its answer are those that are there. */
  readonly agrees: boolean
  /** What was there when the write had settled. */
  readonly first: string
  /** What a later write of the same handle was told; null: there was none, as the first one was not applied. */
  readonly later: Told | null
  /** The later write's answer, and what was there after it and after all packets had arrived. */
  readonly second: string
  /** As `second`, at the end of everything. */
  readonly last: string
}

/** The promises that can be broken. */
export const BREACHES = [
  'late', // it settled after its deadline
  'unmapped', // with an error that says nothing of the outcome
  'retryable', // told that it may be made again although its outcome is not known
  'wrong answer', // carried out, and told another answer than the store's
  'lost', // acknowledged, and not there
  'untrue', // told not to be applied, and there
  'torn', // there in part, or twice
  'appears', // told not to be applied, and there later
  'undone', // an acknowledged later write of the same handle was undone or overtaken
  'stuck', // the handle could not write again
  'contention', // the calls of one handle, on different records, were in each other's way
  'unsent', // told to be unknown although it was never sent
  'unbounded', // more was kept waiting than a handle keeps
] as const

export type BreachName = (typeof BREACHES)[number]

export interface Breach {
  readonly name: BreachName
  readonly text: string
}

/** How a course broke a promise: the first way that is seen, and whether it was late. */
export function judge(course: Course): Breach[] {
  const { told, later } = course
  const breach = (name: BreachName, text: string): Breach => ({ name, text: `${saying(told)}; ${text}` })
  const late = [told, later].filter((one) => one?.isLate === true).map(() => breach('late', 'too late'))
  const [name, text] = effectOf(course) ?? []
  return name === undefined ? late : [...late, breach(name, text ?? '')]
}

function effectOf(course: Course): readonly [BreachName, string] | null {
  const { expected, told, answer, agrees, first, later, second, last } = course
  const { before, applied } = expected
  const { outcome } = told
  if (outcome === 'unmapped') return ['unmapped', `there is ${first}`]
  if (outcome === 'unknown' && told.isRetryable) return ['retryable', 'unknown, and retryable']
  if (first !== before && first !== applied) return ['torn', `there is ${first}, and not ${applied}`]
  if (outcome === 'applied' && first === before) return ['lost', `there is ${first}, and not ${applied}`]
  if (outcome === 'not-applied' && first !== before) return ['untrue', `there is ${first}`]
  if (outcome === 'applied' && told.error === undefined && (answer !== expected.answer || !agrees))
    return ['wrong answer', `and not ${expected.answer}`]
  if (later === null)
    return [second, last].every((seen) => seen === before)
      ? null
      : ['appears', `there is ${second}, then ${last}`]
  if (later.outcome !== 'applied') return ['stuck', `a later write: ${saying(later)}`]
  const [without, after] = expected.later
  const allowed = first === applied ? [after] : [without, after]
  if (allowed.includes(second) && last === second) return null
  return ['undone', `after the later write ${second}, then ${last}; not ${allowed.join(', or ')}`]
}

/** Whether a later write of unknown outcome leaves nothing to judge. */
export function isUndecided({ later }: Pick<Course, 'later'>): boolean {
  return later?.outcome === 'unknown'
}
