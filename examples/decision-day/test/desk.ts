import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Desk } from '../src/desk.ts'
import { openDesk, settlingDesk } from '../src/job.ts'

/** A desk on a memory store of its own, with a trace that is removed afterwards. */
export async function withDesk(act: (desk: Desk) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'decision-day-test-'))
  const trace = path.join(folder, 'trace.jsonl')
  const job = { backend: 'memory', place: { file: '', namespace: 'unused' }, trace, days: 0, unsafe: false }
  const desk = settlingDesk(job, await openDesk(job))
  try {
    await act(desk)
  } finally {
    await desk.storage.close()
    await rm(folder, { recursive: true })
  }
}
