import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { canonicalLines } from '../canonical.ts'
import { chunked } from '../chunked.ts'
import type { Command } from '../command.ts'
import { Digest } from '../digest.ts'
import { UsageError } from '../errors.ts'
import { EXIT } from '../exit-code.ts'
import { paced } from '../pace.ts'
import { write } from '../terminal.ts'

/** Writes the canonical form of a store. */
export const exportCommand: Command<{ readonly force?: boolean }> = {
  usage: 'export <file>',
  summary: 'writes every record to a file, - for stdout, in the canonical form',
  details:
    'A line of JSON for each. The same content gives the same bytes on every backend, so that cmp can compare two exports. Nobody should write meanwhile. The file has its name once it is complete.',
  options: [{ flags: '--force', description: 'replace a file that is there already' }],
  examples: ['export backup.jsonl', 'export - | gzip > backup.jsonl.gz'],
  async run({ args: [file = ''], options, output, notes, terminal, open }) {
    const { storage } = await open('use')
    const digest = new Digest()
    const lines = digest.over(canonicalLines(paced(storage.exportRecords(), notes, 'read')))
    if (file === '-') {
      for await (const chunk of chunked(lines)) await write(terminal.stdout, chunk)
      return EXIT.fine
    }
    if (options.force !== true && existsSync(file))
      throw new UsageError(`${file} is there already: give another name, or --force.`)
    const partial = `${file}.partial`
    try {
      // what agents know is nobody else's business
      await pipeline(Readable.from(chunked(lines)), createWriteStream(partial, { mode: 0o600 }))
      await rename(partial, file)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
    const [records, sha256] = [digest.records, digest.sha256()]
    await output.document({ file, records, sha256 }, [`${file}: ${records} records, sha256 ${sha256}`])
    return EXIT.fine
  },
}
