import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** One day of the S&P 500, with what the agents want to know about it. */
export interface Bar {
  readonly index: number
  readonly date: string
  readonly close: number
  /** Against the close of the day before, in percent. */
  readonly changePct: number
  /** High minus low, in percent of the close. */
  readonly rangePct: number
  /** Whether it closed above every high of the 20 days before. */
  readonly isNewHigh: boolean
  readonly isFirstOfMonth: boolean
}

const LOOK_BACK = 20

/** All days of `sp500-2000.csv`, oldest first. */
export function loadBars(): Bar[] {
  const main = createRequire(import.meta.url).resolve('vega-datasets')
  const csv = readFileSync(path.join(path.dirname(main), '../data/sp500-2000.csv'), 'utf8')
  const rows = csv.trim().split('\n').slice(1).map(parseRow)
  return rows.map((row, index) => {
    const before = rows[index - 1] ?? row
    const recentHighs = rows.slice(Math.max(0, index - LOOK_BACK), index).map(({ high }) => high)
    return {
      index,
      date: row.date,
      close: row.close,
      changePct: (row.close / before.close - 1) * 100,
      rangePct: ((row.high - row.low) / row.close) * 100,
      isNewHigh: recentHighs.length === LOOK_BACK && row.close > Math.max(...recentHighs),
      isFirstOfMonth: row.date.slice(0, 7) !== before.date.slice(0, 7),
    }
  })
}

function parseRow(line: string): { date: string; high: number; low: number; close: number } {
  const [date = '', , high, low, close] = line.split(',')
  return { date, high: Number(high), low: Number(low), close: Number(close) }
}
