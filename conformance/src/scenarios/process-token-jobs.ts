import { type With, jobsOf } from './jobs.ts'
import { aRequest } from './samples.ts'

/** What a function of this module does, as a job for child processes. */
export const toJob: ReturnType<typeof jobsOf> = jobsOf(import.meta.url)

/** Claims each key, the last one for a moment only. @returns the tokens. */
export async function claimEach({
  storage: { idempotency },
  args: { keys },
}: With<{ keys: readonly string[] }>): Promise<string[]> {
  const tokens: string[] = []
  for (const key of keys) {
    const leaseSec = key === keys.at(-1) ? 0.05 : 600
    const claim = await idempotency.claim(key, { leaseSec, requestHash: 'H' })
    tokens.push(claim.state === 'started' ? claim.token : claim.state)
  }
  return tokens
}

/** Completes or abandons claims with these tokens. @returns what it was answered. */
export async function endEach({
  storage: { idempotency },
  args: { ends },
}: With<{ ends: readonly (readonly [key: string, token: string, how: string])[] }>): Promise<boolean[]> {
  const answers: boolean[] = []
  for (const [key, token, how] of ends)
    answers.push(
      how === 'complete'
        ? await idempotency.complete(key, token, { by: 'another process' })
        : await idempotency.abandon(key, token),
    )
  return answers
}

/** Leaves one record of each kind that others can go on with. @returns the fence of its hold. */
export async function leave({
  storage,
  args: { id, text },
}: With<{ id: string; text: string }>): Promise<number> {
  const { context, escalation, lifecycle, resourceLock, intentRetry } = storage
  await context.setSession(id, text)
  await context.setState(id, text)
  await escalation.insertRequest(aRequest(id, id))
  await escalation.tryConsumeBudget(id, { limit: 9, windowSec: 3_600 })
  await lifecycle.transition(id, null, 'LEFT')
  await intentRetry.increment(id)
  const leased = storage.capabilities.has('leases') ? { leaseSec: 600 } : {}
  const grant = await resourceLock.acquire(id, { [id]: 60 }, 30, leased)
  return grant?.fence ?? 0
}
