import type { Claim, ClaimOptions } from '@dir/storage-core'
import type { ScenarioContext } from '../scenario.ts'
import { until } from './kit.ts'

export const LONG: ClaimOptions = { leaseSec: 600 }
export const SHORT: ClaimOptions = { leaseSec: 0.05 }

/** Claims a key and answers with the token. */
export async function started(
  { storage: { idempotency }, assert }: ScenarioContext,
  key: string,
  options: ClaimOptions = LONG,
): Promise<string> {
  const claim = await idempotency.claim(key, options)
  assert.equal(claim.state, 'started', `the claim of ${key}`)
  return claim.state === 'started' ? claim.token : ''
}

/** Claims a key until its earlier claim has run out. */
export function ranOut({ storage: { idempotency } }: ScenarioContext, key: string): Promise<Claim> {
  return until(
    () => idempotency.claim(key, SHORT),
    ({ state }) => state !== 'inFlight',
  )
}
