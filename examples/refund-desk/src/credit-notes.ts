import { readFileSync } from 'node:fs'
import type { Request } from './refund.ts'

/** Credit notes of a real shop, as requests for refunds; see the README. */
export function loadCreditNotes(): Request[] {
  const csv = readFileSync(new URL('../data/credit-notes.csv', import.meta.url), 'utf8')
  const rows = csv
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  const byNote = Map.groupBy(rows, ([note = '']) => note)
  return [...byNote].map(([id, lines]) => ({
    id,
    reason: lines.map(([, , , , ...description]) => description.join(',')).join('; '),
    lines: lines.map(([, , quantity, price]) => ({
      quantity: Number(quantity),
      unitPence: Math.round(Number(price) * 100),
    })),
  }))
}
