import type { Protocol } from '@dir/storage-core'
import { allKindsOf, kindsOf, writeSurely } from './record-kinds.ts'
import { type With, jobsOf } from './jobs.ts'
import { initAtLast } from './kit.ts'

/** What a function of this module does, as a job for child processes. */
export const toJob: ReturnType<typeof jobsOf> = jobsOf(import.meta.url)

/** Appends events, some of them several at a time, and says so at the end. @returns their `seq`s. */
export async function append({
  storage: { decisionAudit },
  args: { dfid, times },
  random,
}: With<{ dfid: string; times: number }>): Promise<number[]> {
  const seqs: number[] = []
  for (let n = 0; n < times; n++) {
    if (random() < 0.3)
      seqs.push(
        ...(await decisionAudit.recordMany([
          { dfid, event: 'ONE' },
          { dfid, event: 'TWO' },
        ])),
      )
    else seqs.push(await decisionAudit.record(dfid, 'ONE'))
  }
  return [...seqs, await decisionAudit.record(dfid, 'DONE')]
}

/** Reads on after the last `seq` it saw until every writer is done. @returns what it saw, in that order. */
export async function tail({
  storage,
  args: { writers },
}: With<{ writers: number }>): Promise<{ seqs: number[]; rounds: number }> {
  const seqs: number[] = []
  let over = false
  let rounds = 0
  while (!over) {
    // asked before the reading, so that the last reading has all there is; and from the start, to end on a log with gaps
    over = (await Array.fromAsync(storage.decisionAudit.events({ event: 'DONE' }))).length === writers
    rounds++
    for await (const { seq } of storage.decisionAudit.events({ afterSeq: seqs.at(-1) ?? 0 })) seqs.push(seq)
    await new Promise(setImmediate)
  }
  return { seqs, rounds }
}

/** Initialises the namespace and uses it at once. @returns what it wrote, as it reads it. */
export async function initAndWrite({
  storage,
  args: { id, protocols },
  index,
}: With<{ id: string; protocols: readonly Protocol[] }>): Promise<unknown[]> {
  await initAtLast(storage)
  const seen: unknown[] = []
  for (const kind of kindsOf(protocols)) {
    await writeSurely(kind, storage, `${id} ${index}`, index, `${id} ${index} other`)
    seen.push(await kind.read(storage, `${id} ${index}`, `${id} ${index} other`))
  }
  return seen
}

/** Writes or reads the record of each kind. */
export async function writeKinds({
  storage,
  args: { id, n, protocols },
}: With<{ id: string; n: number; protocols: readonly Protocol[] }>): Promise<void> {
  for (const kind of allKindsOf(protocols))
    await writeSurely(kind, storage, `${id}/${kind.name}`, n, `${id}/${kind.name}/other`)
}

export async function readKinds({
  storage,
  args: { id, protocols },
}: With<{ id: string; protocols: readonly Protocol[] }>): Promise<unknown[]> {
  return Promise.all(
    allKindsOf(protocols).map((kind) => kind.read(storage, `${id}/${kind.name}`, `${id}/${kind.name}/other`)),
  )
}
