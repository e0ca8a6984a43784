import { type Terminal, type Style, paint, printable, write } from './terminal.ts'

/** One column of a list: its title, and what it has of an item. */
export type Column<Item> = readonly [title: string, cell: (item: Item) => string | number | null | undefined]

const MEASURED_ROWS = 100

/** The results of a command, on stdout: as text for people, or as JSON for programs. */
export class Output {
  readonly isJson: boolean
  readonly #stdout: Terminal['stdout']

  constructor({ stdout }: Terminal, isJson: boolean) {
    this.#stdout = stdout
    this.isJson = isJson
  }

  paint(style: Style, text: string): string {
    return paint(this.#stdout, style, text)
  }

  /** A line of text, which is already fit to be shown. */
  line(text: string): Promise<void> {
    return write(this.#stdout, `${text}\n`)
  }

  /** One result: as one JSON document, or in these lines. */
  async document(value: unknown, lines: readonly string[]): Promise<void> {
    if (this.isJson) await this.line(toJson(value, 2))
    else for (const line of lines) await this.line(line)
  }

  /**
   * Any number of items: as JSON Lines, or as a table whose columns are as wide as the first so many rows need.
   * @returns how many there were.
   */
  async list<Item>(
    items: AsyncIterable<Item>,
    columns: readonly Column<Item>[],
    measuredRows: number = MEASURED_ROWS,
  ): Promise<number> {
    let count = 0
    if (this.isJson) {
      for await (const item of items) {
        count++
        await this.line(toJson(item))
      }
      return count
    }
    let widths: readonly number[] | undefined
    let measured: string[][] = []
    const flush = async (): Promise<void> => {
      if (widths !== undefined || measured.length === 0) return
      const titles = columns.map(([title]) => title)
      widths = titles.map((title, at) =>
        Math.max(title.length, ...measured.map((row) => row[at]?.length ?? 0)),
      )
      await this.line(this.paint('dim', aligned(titles, widths)))
      for (const row of measured) await this.line(aligned(row, widths))
      measured = []
    }
    for await (const item of items) {
      count++
      const row = columns.map(([, cell]) => printable(String(cell(item) ?? '-')))
      if (widths !== undefined) await this.line(aligned(row, widths))
      else if (measured.push(row) === measuredRows) await flush()
    }
    await flush()
    return count
  }
}

function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join('  ')
    .trimEnd()
}

/** JSON; an integer beyond 2^53 is a text in it, so that it is not rounded. */
export function toJson(value: unknown, indent?: number): string {
  const plain = (_: string, member: unknown): unknown =>
    typeof member === 'bigint' ? String(member) : member
  return JSON.stringify(value, plain, indent)
}
