import type { StorageHandle } from '@dir/storage-core'
import type { ScenarioContext } from '../scenario.ts'
import { openHandles, race } from './kit.ts'

/** How often a race is run. */
export const ROUNDS = 8

/** Sixteen racers over four handles, again and again, each round on an id that nobody used before. */
export async function rounds<T>(
  context: ScenarioContext,
  act: (storage: StorageHandle, racer: number, id: string) => Promise<T>,
  judge: (answers: T[], storage: StorageHandle, id: string) => Promise<void>,
  prepare: (storage: StorageHandle, id: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const handles = await openHandles(context, 4)
  for (let round = 0; round < ROUNDS; round++) {
    const id = context.id(`round ${round}`)
    await prepare(context.storage, id)
    const answers = await race(handles, (storage, racer) => act(storage, racer, id))
    await judge(answers, context.storage, id)
  }
}

/** Which racers got an answer that is wanted. */
export function places<T>(answers: readonly T[], wanted: (answer: T) => boolean): number[] {
  return answers.flatMap((answer, racer) => (wanted(answer) ? [racer] : []))
}
