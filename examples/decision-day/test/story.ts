import type { ReadBack } from '../src/read-back.ts'

/** These happen to a flow as often as they must; all else once. */
const REPEATED = new Set(['rejected', 'revised', 'claim_settled'])

/** Where the audit log does not tell one story: something twice, or an amount that does not follow from the one before. */
export function gapsInStory({ events, sessions }: ReadBack): string[] {
  const gaps: string[] = []
  const seen = new Set<string>()
  const amounts = new Map<string, number>()
  for (const { dfid, event, details } of events) {
    if (!REPEATED.has(event) && seen.has(`${dfid} ${event}`)) gaps.push(`${dfid}: ${event} twice`)
    seen.add(`${dfid} ${event}`)
    const amount = details?.['amount'] as number | undefined
    if (amount === undefined) continue
    const before = amounts.get(dfid) ?? amount
    const due = event === 'revised' ? [Math.round(before / 2)] : [before]
    if (event === 'reviewed') due.push(Math.round(before * 0.75))
    if (!due.includes(amount)) gaps.push(`${dfid}: ${event} has ${amount}, after ${before}`)
    amounts.set(dfid, amount)
  }
  for (const [dfid, { amount }] of sessions)
    if (amount !== amounts.get(dfid))
      gaps.push(`${dfid}: its session has ${amount}, not ${amounts.get(dfid)}`)
  return gaps
}
