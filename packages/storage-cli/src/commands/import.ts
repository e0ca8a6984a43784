import { Readable } from 'node:stream'
import { SKIP_UNFIT, type UnfitOptions, fill } from '../fill.ts'
import type { Command } from '../command.ts'
import { fileLines, linesOf, recordsOf } from '../records.ts'

/** Fills an empty store with an export. */
export const importCommand: Command<UnfitOptions> = {
  usage: 'import <file>',
  summary: 'fills an empty store with an export, - for stdin',
  details:
    'Numbers and times are kept. A store that has anything is refused. Killed half-way, it is run again: what it left is removed then, and nobody can write until then.',
  options: [SKIP_UNFIT],
  examples: ['import backup.jsonl', 'gunzip -c backup.jsonl.gz | dir-storage import -'],
  async run(context) {
    const { args, terminal, open } = context
    const [file = ''] = args
    const store = await open('make')
    const lines = file === '-' ? linesOf(new Readable().wrap(terminal.stdin)) : fileLines(file)
    return fill(store, recordsOf(lines, file === '-' ? 'stdin' : file), context)
  },
}
