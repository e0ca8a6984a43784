import type { ScenarioContext } from '../scenario.ts'
import { until } from './kit.ts'

/** States, in four statements, that `older` lists `one` by the age of what `write` has written last. */
export async function growsOld(
  { assert }: Pick<ScenarioContext, 'assert'>,
  one: string,
  write: () => Promise<unknown>,
  older: (olderThanSec: number) => Promise<readonly string[]>,
): Promise<void> {
  await write()
  assert.equal(await older(3_600), [], 'not yet an hour old')
  const grown = await until(
    () => older(0.05),
    (listed) => listed.length > 0,
  )
  assert.equal(grown, [one], 'some milliseconds old')
  assert.equal(await older(0), [one], 'of any age')
  await write()
  assert.equal(await older(3_600), [], 'young again')
}
