import { styleText } from 'node:util'
import type { Arguments } from './arguments.ts'
import type { Bar } from './market.ts'
import type { Proof } from './proofs.ts'
import { type ReadBack, digestOf } from './read-back.ts'

/** The readable end of a run. */
export function summarize(
  { backend, workers, unsafe, crash }: Arguments,
  bars: readonly Bar[],
  run: ReadBack,
  proofs: readonly Proof[],
): string {
  const days = `${bars.length} days, ${bars[0]?.date} to ${bars.at(-1)?.date}`
  const by = `${workers} ${workers === 1 ? 'worker' : 'workers'}${crash === null ? '' : ', one of them killed'}`
  const lines = [
    `${days}, on ${backend}, by ${by}${unsafe ? ', UNSAFE: read, decide and write in separate steps' : ''}`,
    '',
    ...counts(run).map(([name, count, of = '']) => `  ${name.padEnd(26)}${String(count).padStart(7)}${of}`),
    '',
    'Proofs, read back from the store and from the trace:',
    ...proofs.flatMap(({ holds, title, found, race }) => [
      `  ${verdict(holds)}  ${title}`,
      `            (${found})`,
      ...(holds ? [] : [`            race lost: ${race}`]),
    ]),
  ]
  if (workers === 1) lines.push('', `events: ${run.events.length}`, `digest: ${digestOf(run.events)}`)
  return lines.join('\n')
}

/** In colour where it is wanted. */
function verdict(holds: boolean): string {
  return holds ? styleText('green', '✓ holds ') : styleText('red', '✗ FAILED')
}

function counts({ events, effects, tokens }: ReadBack): [name: string, count: number, of?: string][] {
  const count = (event: string, check?: string): number =>
    events.filter((one) => one.event === event && (check === undefined || one.details?.['check'] === check))
      .length
  const noRoom = count('rejected', 'capital')
  const reserved = count('capital_reserved')
  const twice = events.filter((one) => one.event === 'executed' && one.details?.['offers'] === 2).length
  return [
    ['proposals (flows)', count('proposed')],
    ['  executed', count('executed'), `, ${twice} of them offered twice`],
    ['  refused', count('refused') + events.filter(isDenied).length],
    ['  compensated', count('compensated')],
    ['rejections', count('rejected')],
    ['reservations', reserved, `, and ${noRoom} refused for want of room`],
    ['escalations', tokens.length, `, and ${count('rejected', 'escalation')} refused for want of budget`],
    ['effects in the trace', effects.length],
    ...(count('claim_settled') === 0 ? [] : [['claims settled', count('claim_settled')] as [string, number]]),
  ]
}

function isDenied({ event, state }: ReadBack['events'][number]): boolean {
  return event === 'reviewed' && state === 'REFUSED'
}
