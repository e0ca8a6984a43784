import type { Batch, StorageError, StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exported, fill } from '../../conformance/src/scenarios/filled.ts'
import { answerOf, complaint } from './refusal.ts'
import { type Callable, IN_BATCHES, OF_HELPERS, ON_HANDLE } from './rows.ts'
import { CLOSED, INVALID, type Refusal, casesOf } from './table.ts'
import { LIMIT } from './values/index.ts'
import type { Meter } from './wires.ts'

export const HANDLE_OPTIONS = { maxValueBytes: LIMIT } as const

export interface Subject {
  /** Null: nothing is ever sent. */
  readonly meter: Meter | null
  /** A new handle with `HANDLE_OPTIONS` on the store of this name, of two. */
  open(store: 'filled' | 'untouched'): StorageHandle
  /** Removes both stores. */
  end(): Promise<void>
}

const ALL = [...ON_HANDLE, ...IN_BATCHES, ...OF_HELPERS]

/** Holds a backend to the table, with the one in memory beside it: both must refuse in the same words. */
export function malformedInput(name: string, start: () => Promise<Subject>): void {
  const reference = memoryStorage(HANDLE_OPTIONS)
  const closedReference = memoryStorage(HANDLE_OPTIONS)
  let subject: Subject
  let filled: StorageHandle
  let untouched: StorageHandle
  let closed: StorageHandle

  beforeAll(async () => {
    subject = await start()
    filled = subject.open('filled')
    untouched = subject.open('untouched')
    closed = subject.open('filled')
    await Promise.all([fill(filled), fill(reference)])
    await closed.init()
    await Promise.all([closed.close(), closedReference.close()])
  })

  afterAll(async () => {
    await Promise.all([filled.close(), untouched.close()])
    subject.meter?.stop()
    await subject.end()
  })

  const sent = (): number => subject.meter?.sent() ?? 0

  /** What is wrong with the answers to all bad calls of a method; nothing may have been sent for them. */
  async function complaints(
    { call, method, how, place }: Callable,
    storage: StorageHandle,
    twin: StorageHandle,
    always?: Refusal,
  ): Promise<string[]> {
    const before = sent()
    const found: (string | null)[] = []
    for (const bad of casesOf(method)) {
      const theirs = await answerOf(() => call(twin, ...bad.args))
      const ours = await answerOf(() => call(storage, ...bad.args))
      const judgement = { how, place: place && { ...place, backend: storage.backend }, reference: theirs }
      found.push(complaint(always === undefined ? bad : { ...bad, refusal: always }, ours, judgement))
    }
    await new Promise((resolve) => setImmediate(resolve))
    if (sent() !== before) found.push(`something was sent: ${sent() - before}`)
    return found.filter((text) => text !== null)
  }

  describe(`malformed input on ${name}`, () => {
    test.each(ALL)('$title refuses it, sends nothing and changes nothing', async (one) => {
      const [good] = one.method
      const before = sent()
      const { error } = await answerOf(() => one.call(filled, ...good))
      // what is there already may stand in the way, an argument may not
      expect([undefined, 'STORAGE_CONFLICT']).toContain((error as StorageError | undefined)?.code)
      expect(sent() > before).toBe(subject.meter !== null && one.how === 'rejects')

      const records = await exported(filled)
      expect(await complaints(one, filled, reference)).toEqual([])
      expect(await exported(filled)).toEqual(records)
    })

    test.each(ALL)(
      '$title refuses it on a handle that was never used, which connects to nothing',
      async (one) => {
        expect(await complaints(one, untouched, reference)).toEqual([])
      },
    )

    test.each(ALL)('$title refuses it on a closed handle', async (one) => {
      // an import says first that the handle is closed; all else says first what is wrong with the call
      const always = one.title === 'importRecords' ? CLOSED : undefined
      expect(await complaints(one, closed, closedReference, always)).toEqual([])
    })

    test('a batch takes nothing more once its callback has returned, thrown or was refused', async () => {
      const ends: ((batch: Batch) => unknown)[] = [
        () => {},
        () => Promise.resolve(),
        () => expect.unreachable('on purpose'),
        (batch) => batch.context.setSession('', '1'),
      ]
      for (const end of ends) {
        const kept: Batch[] = []
        await answerOf(() => filled.atomically((batch) => (kept.push(batch), end(batch) as void)))
        const before = sent()
        const late = await answerOf(() => kept[0]?.context.setSession('late', '1'))
        const bad = { args: [], value: String(end), argument: 'batch', refusal: INVALID }
        expect(complaint(bad, late, { how: 'throws at once', place: null, reference: late })).toBeNull()
        expect(sent()).toBe(before)
      }
      expect(await filled.context.getSession('late')).toBeNull()
    })
  })
}
