import type { StorageRecord } from '@dir/storage-core'
import { canonicalLines } from '../canonical.ts'
import type { Command, Context } from '../command.ts'
import { type Difference, describe, differences } from '../difference.ts'
import { Digest } from '../digest.ts'
import { EXIT } from '../exit-code.ts'
import { paced } from '../pace.ts'
import { wholeNumber } from '../parse.ts'
import { fileLines, recordsOf } from '../records.ts'
import { printable } from '../terminal.ts'

interface Options {
  readonly limit: number
}

/** Compares two stores, record by record. */
export const verify: Command<Options> = {
  usage: 'verify <a> <b>',
  summary: 'compares two stores, or a store with an export (*.jsonl), exactly',
  details:
    'By their canonical forms, of which it shows the SHA-256; exit code 1: they differ. Nobody should write meanwhile.',
  options: [
    { flags: '--limit <count>', description: 'show so many differences', parse: wholeNumber(1), default: 10 },
  ],
  examples: [
    'verify sqlite:./decisions.sqlite postgres://localhost/shop',
    'verify redis://localhost backup.jsonl',
  ],
  takesStore: false,
  async run(context) {
    const { args, options, output, notes } = context
    const sides = []
    for (const name of args) sides.push({ ...(await side(context, name)), digest: new Digest() })
    const [first, second] = sides.map(({ records, digest }) => digest.over(canonicalLines(records)))
    if (first === undefined || second === undefined) return EXIT.usage
    const found: Difference[] = []
    let total = 0
    for await (const difference of differences(first, paced(second, notes, 'compared')))
      if (++total <= options.limit) found.push(difference)
    const stores = sides.map(({ label, digest }) => {
      return { store: label, records: digest.records, sha256: digest.sha256() }
    })
    const judgement =
      total === 0
        ? output.paint('green', 'They are the same.')
        : output.paint(
            'red',
            `${total} differences${total > found.length ? `, the first ${found.length}` : ''}:`,
          )
    await output.document({ same: total === 0, stores, total, differences: found }, [
      ...stores.map(({ store, records, sha256 }) => `${sha256}  ${store}  ${records} records`),
      judgement,
      ...found.map((difference) => printable(describe(difference))),
    ])
    return total === 0 ? EXIT.fine : EXIT.found
  },
}

interface Side {
  readonly label: string
  readonly records: AsyncIterable<StorageRecord>
}

async function side({ open }: Context<Options>, name: string): Promise<Side> {
  if (name.endsWith('.jsonl')) return { label: name, records: recordsOf(fileLines(name), name) }
  const { storage, label } = await open('use', name)
  return { label, records: storage.exportRecords() }
}
