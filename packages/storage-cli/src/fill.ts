import type { StorageRecord } from '@dir/storage-core'
import type { CommandOption, Context } from './command.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { paced } from './pace.ts'
import type { OpenedStore } from './stores.ts'

export interface UnfitOptions {
  readonly skipUnfit?: boolean
}

export const SKIP_UNFIT: CommandOption = {
  flags: '--skip-unfit',
  description: 'leave out records that this contract cannot hold, rather than end at the first',
}

/** Fills an empty store with the records of one export, and says how many they were. */
export async function fill(
  { storage, label }: OpenedStore,
  records: AsyncIterable<StorageRecord>,
  { options, output, notes }: Context<UnfitOptions>,
): Promise<ExitCode> {
  const unfit = options.skipUnfit === true ? ({ unfit: 'skip' } as const) : {}
  const { imported, skipped } = await storage.importRecords(paced(records, notes, 'copied'), unfit)
  const left = skipped === 0 ? '' : `, ${skipped} left out because they are unfit`
  await output.document({ store: label, imported, skipped }, [`${label}: ${imported} records${left}`])
  return EXIT.fine
}
