import type { Assert } from '../assert.ts'
import { show } from '../show.ts'
import { Inconclusive } from '../verdict.ts'
import { type Observed, linearizable, shortestFailure } from './checker.ts'
import type { Subject } from './subject.ts'

const SHOWN = 40

/** States that some order explains a history. A failure shows how it began to go wrong, in the order of issue. */
export function judge(assert: Assert, subject: Subject, history: readonly Observed[]): void {
  const verdict = linearizable(subject, history)
  if (verdict === 'gave-up')
    throw new Inconclusive(`No order was found among ${history.length} calls within the effort allowed.`)
  if (verdict === 'yes') return assert.ok(true, 'some order of the calls explains all answers')
  const calls = shortestFailure(subject, history).slice(-SHOWN)
  const lines = calls.map((call) => {
    return `    ${show(call.input)} → ${'output' in call ? show(call.output) : 'not answered yet'}`
  })
  assert.ok(false, `some order of the calls explains all answers, the last of which are\n${lines.join('\n')}`)
}

/** A lock that refused hardly anything, or nearly all, was not raced for, and tells nothing. */
export function checkRefusals(outputs: readonly unknown[]): void {
  const refused = outputs.filter((output) => output === 'refused').length
  const granted = outputs.filter((output) => output === 'granted').length
  const share = refused / (refused + granted)
  if (!(share >= 0.3 && share <= 0.7))
    throw new Inconclusive(
      `${Math.round(share * 100)} % of the attempts were refused; between 30 and 70 % would tell something.`,
    )
}
