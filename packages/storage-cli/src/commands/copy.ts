import { SKIP_UNFIT, type UnfitOptions, fill } from '../fill.ts'
import type { Command } from '../command.ts'

/** Copies a store into an empty one. */
export const copy: Command<UnfitOptions> = {
  usage: 'copy <from> <to>',
  summary: 'copies every record of a store into an empty one, on any backend',
  details:
    'Numbers and times are kept; nobody should write to the first meanwhile. A store that has anything is refused. Killed half-way, it is run again: what it left is removed then, and nobody can write until then.',
  options: [SKIP_UNFIT],
  examples: [
    'copy sqlite:./decisions.sqlite postgres://localhost/shop',
    'copy redis://localhost#desk redis://localhost#copy',
  ],
  takesStore: false,
  async run(context) {
    const { args, open } = context
    const [from = '', to = ''] = args
    const source = await open('use', from)
    const target = await open('make', to)
    return fill(target, source.storage.exportRecords(), context)
  },
}
