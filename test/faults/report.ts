import type { ServerName } from '../../scripts/servers/index.ts'
import type { Finding, Result } from './finding.ts'
import { BREACHES } from './judge.ts'
import { KNOWN } from './known.ts'

/** What a result comes to, once the known faults are told from the others. */
export interface Verdict {
  readonly isGood: boolean
  readonly lines: readonly string[]
}

const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')

/**
 * Fails if there is a fault that is not known, a known one that is not found, or too little to tell. Where only some calls
 * were made, no known one has to be found.
 */
export function report(
  backend: ServerName,
  { part, ran, findings, short }: Result,
  { seconds, only }: { readonly seconds: number; readonly only: string },
): Verdict {
  const expected = KNOWN.filter(({ backends }) => backends.includes(backend))
  const fresh = findings.filter((finding) => !expected.some((known) => known.matches(finding)))
  const known = expected.map((fault) => ({
    number: fault.number,
    what: fault.what,
    isDue: only === '' && fault.part === part,
    times: findings.filter((finding) => fault.matches(finding)).length,
  }))
  const seen = known.filter(({ times }) => times > 0)
  const gone = known.filter(({ isDue, times }) => isDue && times === 0)
  const isGood = fresh.length === 0 && gone.length === 0 && short.length === 0
  const broken = Object.fromEntries(
    BREACHES.map((name) => [name, fresh.filter(({ breach }) => breach === name).length]),
  )
  return {
    isGood,
    lines: [
      ...fresh.map((finding) => `  ${told(finding)}`),
      ...seen.map(({ number, times, what }) => `  known: number ${number}, seen ${times} times: ${what}`),
      ...gone.map(
        ({ number, what }) =>
          `  number ${number} is not found any more, take it from test/faults/known.ts: ${what}`,
      ),
      ...short.map((one) => `  too little to tell: ${one}`),
      `${isGood ? 'ok' : 'FAIL'} ${backend} ${part}: ${counted(ran)} | must be 0: ${counted(broken)} | ${seconds.toFixed(1)} s`,
    ],
  }
}

function told({ breach, call, fault, text }: Finding): string {
  return `${breach}: ${call}, ${fault}: ${text}`.slice(0, 600)
}
