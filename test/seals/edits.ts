import { randomStream } from '../../conformance/src/random.ts'
import { type AuditRow, COLUMNS } from './rows.ts'

/** What somebody does to a log. */
export interface Edit {
  readonly what: string
  readonly gone: readonly number[]
  readonly added: readonly AuditRow[]
  /** The `seq` that must be named. */
  readonly place: number
}

const KINDS = [...COLUMNS, 'remove', 'insert', 'swap'] as const

/** Edits of each kind in turn, of rows and to values that chance takes. `free`: numbers between those of the rows. */
export function* edits(rows: readonly AuditRow[], free: readonly number[], seed: number): Generator<Edit> {
  const random = randomStream(seed, 'edits')
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  for (;;)
    for (const kind of KINDS) {
      const row = pick(rows)
      const { seq } = row
      if (kind === 'remove') yield { what: `removes ${seq}`, gone: [seq], added: [], place: seq }
      else if (kind === 'insert') {
        const place = pick(free)
        yield { what: `inserts ${place} like ${seq}`, gone: [], added: [{ ...row, seq: place }], place }
      } else if (kind === 'swap') {
        const other = pick(rows.filter((one) => one.seq !== seq))
        const added = [
          { ...other, seq },
          { ...row, seq: other.seq },
        ]
        const place = Math.min(seq, other.seq)
        yield { what: `swaps ${seq} and ${other.seq}`, gone: [seq, other.seq], added, place }
      } else if (kind === 'seq') {
        const to = pick(free)
        const moved = { ...row, seq: to }
        yield { what: `renames ${seq} to ${to}`, gone: [seq], added: [moved], place: Math.min(seq, to) }
      } else {
        const value = changed(kind, row[kind], pick)
        const what = `changes ${kind} of ${seq} to ${value.slice(0, 200)}`
        yield { what, gone: [seq], added: [{ ...row, [kind]: value }], place: seq }
      }
    }
}

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** One character is another one, of its kind; what has none gets one. */
function changed(
  column: (typeof COLUMNS)[number],
  value: string | number | null,
  pick: <T>(list: readonly T[]) => T,
): string {
  const text = String(value ?? '')
  if (text === '{}') return '{"a": 1}'
  if (text === '') return 'x'
  for (;;) {
    // of a time, what it can be changed in freely
    const at = pick(
      column === 'timestamp' ? [18, 20, 21, 22, 23, 24, 25] : Array.from(text, (_, index) => index),
    )
    const old = text.charAt(at)
    const kind = DIGITS.includes(old) ? DIGITS : LETTERS
    if (!/[a-z0-9]/i.test(old)) continue
    const result = text.slice(0, at) + pick(kind.split('').filter((one) => one !== old)) + text.slice(at + 1)
    if (column !== 'detailsJson' || isJson(result)) return result
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
