import type { Batch, StorageError, StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exported, fill } from '../../conformance/src/scenarios/filled.ts'
import { type Answer, answerOf, complaint } from './refusal.ts'
import { CLOSING, type Callable, IN_BATCHES, OF_HELPERS, ON_HANDLE } from './rows.ts'
import { CLOSED, INVALID, type Refusal, casesOf } from './table.ts'
import { LIMIT, NO_CLIENT } from './values/index.ts'
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
export function malformedInput(backend: string, start: () => Promise<Subject>): void {
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

  /** What memory answers to all bad calls of a method, asked once. */
  const asked = new Map<Callable, Promise<readonly Answer[]>>()
  function inMemory(one: Callable): Promise<readonly Answer[]> {
    const answers = asked.get(one) ?? answersOf(one, reference)
    asked.set(one, answers)
    return answers
  }

  /** What is wrong with the answers to all bad calls of a method; nothing may have been sent for them. */
  async function complaints(
    one: Callable,
    storage: StorageHandle,
    theirs: readonly Answer[],
    always?: Refusal,
  ): Promise<string[]> {
    const before = sent()
    const ours = await answersOf(one, storage)
    await new Promise((resolve) => setImmediate(resolve))
    const found = sent() === before ? [] : [`something was sent: ${sent() - before}`]
    const place = one.place && { ...one.place, backend }
    for (const [at, bad] of casesOf(one.method).entries()) {
      const expected = always === undefined ? bad : { ...bad, refusal: always }
      const trouble = complaint(expected, ours[at], { how: one.how, place, reference: theirs[at] })
      if (trouble !== null) found.push(trouble)
    }
    return found
  }

  describe(`malformed input on ${backend}`, () => {
    test.each(ALL)('$title refuses it, sends nothing and changes nothing', async (one) => {
      const [good] = one.method
      const before = sent()
      const { error } = await answerOf(() => one.call(filled, ...good))
      // what is there already may stand in the way, an argument may not
      expect([undefined, 'STORAGE_CONFLICT']).toContain((error as StorageError | undefined)?.code)
      expect(sent() > before).toBe(subject.meter !== null && one.how === 'rejects')

      const records = await exported(filled)
      expect(await complaints(one, filled, await inMemory(one))).toEqual([])
      expect(await exported(filled)).toEqual(records)
    })

    test.each(ALL)(
      '$title refuses it on a handle that was never used, which connects to nothing',
      async (one) => {
        expect(await complaints(one, untouched, await inMemory(one))).toEqual([])
      },
    )

    test.each(ALL)('$title refuses it on a closed handle', async (one) => {
      // an import says first that the handle is closed; all else says first what is wrong with the call
      const [theirs, always] =
        one.title === 'importRecords'
          ? [await answersOf(one, closedReference), CLOSED]
          : [await inMemory(one), undefined]
      expect(await complaints(one, closed, theirs, always)).toEqual([])
    })

    test('close refuses it, a second time too, sends nothing and closes nothing', async () => {
      const theirs = await inMemory(CLOSING)
      for (const storage of [filled, untouched, closed])
        expect(await complaints(CLOSING, storage, theirs)).toEqual([])
      expect(await filled.context.getSession('not there')).toBeNull()
    })

    // each backend has clients of its own, and memory has none, so that it is no row of the table
    test('within refuses what is no client at once, sends nothing and changes nothing', async () => {
      const refusal: Refusal = filled.capabilities.has('join')
        ? INVALID
        : ['UnsupportedError', 'STORAGE_UNSUPPORTED']
      const records = await exported(filled)
      const before = sent()
      const place = { backend, protocol: '', operation: 'within' }
      const argument = refusal === INVALID ? 'client' : ''
      for (const storage of [filled, untouched, closed])
        for (const value of NO_CLIENT) {
          const answer = await answerOf(() => storage.within(value as object))
          const bad = { args: [], value, argument, refusal }
          expect(complaint(bad, answer, { how: 'throws at once', place, reference: answer })).toBeNull()
        }
      expect(sent()).toBe(before)
      expect(await exported(filled)).toEqual(records)
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

async function answersOf({ call, method }: Callable, storage: StorageHandle): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const { args } of casesOf(method)) answers.push(await answerOf(() => call(storage, ...args)))
  return answers
}
