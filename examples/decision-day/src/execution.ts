import { appendFile, readFile } from 'node:fs/promises'
import { type JsonObject, idempotencyKey } from '@dir/storage-core'
import type { Proposal } from './agents.ts'
import type { Desk } from './desk.ts'

/** One line of the trace: an effect that happened, whatever the store says. */
export interface Effect {
  readonly key: string
  readonly dfid: string
  readonly step: string
  readonly amount: number
}

/** The exchange took the legs before `leg`, and then refused that one: the order is half done. */
export class ExchangeRefusal extends Error {
  readonly leg: string
  readonly placed: readonly string[]
  constructor(leg: string, placed: readonly string[]) {
    super(`The exchange refused the leg ${leg}.`)
    this.leg = leg
    this.placed = placed
  }
}

/** On days as wild as this the exchange takes no hedges. */
const NO_HEDGE_RANGE_PCT = 3

/** Places the legs of an order, each of them once, however often the order is offered. @throws ExchangeRefusal */
export async function placeOrder(desk: Desk, { dfid, agent, bar }: Proposal, amount: number): Promise<void> {
  const placed: string[] = []
  for (const leg of agent.legs) {
    if (leg === 'hedge' && bar.rangePct > NO_HEDGE_RANGE_PCT) throw new ExchangeRefusal(leg, placed)
    await effectOnce(desk, dfid, `place:${leg}`, amount)
    placed.push(leg)
  }
}

/** Takes back the legs that were placed, the last one first, each of them once. */
export async function reverseLegs(
  desk: Desk,
  dfid: string,
  placed: readonly string[],
  amount: number,
): Promise<void> {
  for (const leg of placed.toReversed()) await effectOnce(desk, dfid, `reverse:${leg}`, amount)
}

function effectOnce(desk: Desk, dfid: string, step: string, amount: number): Promise<void> {
  const effect: Effect = { key: idempotencyKey(dfid, step, { amount }), dfid, step, amount }
  return desk.verbs.once(effect.key, async () => {
    // on the disk before the store hears of it, so that the trace is never behind
    await appendFile(desk.trace, `${JSON.stringify(effect)}\n`, { flush: true })
    await desk.onEffect?.()
    return { step, amount }
  })
}

/** Every effect that ever happened, in order. */
export async function readTrace(trace: string): Promise<Effect[]> {
  const text = await readFile(trace, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Effect)
}

/** What became of an effect whose process died: the result to be stored, or null if it did not happen. */
export async function lookIntoTrace(trace: string, key: string): Promise<JsonObject | null> {
  const effect = (await readTrace(trace)).find((one) => one.key === key)
  return effect === undefined ? null : { step: effect.step, amount: effect.amount }
}
