import { sealAudit } from '@dir/storage-core/seals'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { given } from '../list-command.ts'
import { KEY, readKey } from '../seal-files.ts'

interface Options {
  readonly key?: string
}

/** Seals the log. */
export const seal: Command<Options> = {
  usage: 'seal',
  summary: 'seals the events that are in the log, so that it shows when one is changed later',
  details:
    'Appends a seal over all events since the first, and prints its head. Keep the head where nobody can write who can write the log. A log keeps to one key.',
  options: [KEY],
  examples: ['seal --key seal.pem --json > head.json', 'seal'],
  async run({ options, output, open }) {
    const key = options.key === undefined ? undefined : await readKey(options.key)
    const { storage } = await open('use')
    const head = await sealAudit(storage, given({ key }))
    await output.document(head, [
      `${head.root}  ${head.size} events, the last one ${head.lastSeq}; sealed by event ${head.seq}`,
    ])
    return EXIT.fine
  },
}
