import type { StorageHandle } from '@dir/storage-core'
import { type VerifyOptions, verifyAudit } from '@dir/storage-core/seals'
import { expect, test } from 'vitest'
import { edits } from './edits.ts'
import type { AuditRow, AuditTable } from './rows.ts'
import { KEY, fillSealed, rowsOf } from './sealed-log.ts'

/** A store, and the way to its table. */
export interface Tampered {
  /** The store as it is now. */
  now(): Promise<StorageHandle>
  openTable(): Promise<AuditTable>
  end(): Promise<void>
}

/** How many edits; more by the environment. */
const EDITS = Number(process.env['SEAL_EDITS'] ?? 44)
const SEED = Number(process.env['SEAL_SEED'] ?? 1)

/** Whatever is done to an event that was sealed, by hand in the store itself, its place is named. */
export function namesWhatIsTampered(prepare: () => Promise<Tampered>): void {
  test('one changed character, one event that is removed, inserted or moved is named, with a key and without', async () => {
    const store = await prepare()
    try {
      const head = await fillSealed(await store.now())
      const rows = await rowsOf(await store.now())
      const table = await store.openTable()
      const verify = async (options: VerifyOptions) => verifyAudit(await store.now(), options)
      const [sealed, pruned] = [head.size, 17]
      const unsealed = rows.length - (sealed - pruned)
      const whole = { ok: true, problem: null, events: rows.length, sealed, unsealed, pruned, head }
      expect(await verify({ key: KEY, head })).toEqual(whole)
      const covered = rows.filter(({ seq }) => seq <= head.lastSeq)
      const missed: string[] = []
      const all = edits(covered, freeIn(covered), SEED)
      for (const { what, gone, added, place } of all.take(EDITS)) {
        await table.replace(gone, added)
        for (const options of [{}, { key: KEY }]) {
          const { problem } = await verify(options)
          if (problem?.seq !== place) missed.push(`${what}: ${problem?.message ?? 'nothing'}`)
        }
        const back = rows.filter(({ seq }) => gone.includes(seq))
        await table.replace(
          added.map(({ seq }) => seq),
          back,
        )
      }
      expect(missed).toEqual([])
      expect(await verify({ key: KEY, head })).toEqual(whole)
      await table.close()
    } finally {
      await store.end()
    }
  })
}

/** The numbers among these rows, and before them, that none of them has. */
function freeIn(rows: readonly AuditRow[]): number[] {
  const taken = new Set(rows.map(({ seq }) => seq))
  const last = rows.at(-1)?.seq ?? 0
  return Array.from({ length: last }, (_, n) => n + 1).filter((seq) => !taken.has(seq))
}
