/** Amounts are kept in millionths, so that sums are exact and 0.1 + 0.2 fits into 0.3 on every backend. */
export type Micros = number

/** The largest amount, capacity and total of one resource. */
export const MAX_AMOUNT = 9_007_199_254

/** `MAX_AMOUNT` in micro-units. */
export const MAX_MICROS: Micros = MAX_AMOUNT * 1e6

export function toMicros(amount: number): Micros {
  return Math.round(amount * 1e6) + 0 // + 0 turns -0 into 0
}

export function fromMicros(micros: Micros): number {
  return micros / 1e6
}
