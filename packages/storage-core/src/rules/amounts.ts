/** Amounts are kept in millionths, so that sums are exact and 0.1 + 0.2 fits into 0.3 on every backend. */
export type Micros = number

/** The largest amount, capacity and total of one resource. */
export const MAX_AMOUNT = 9_007_199_254

/** `MAX_AMOUNT` in micro-units. */
export const MAX_MICROS: Micros = MAX_AMOUNT * 1e6

/** The nearest micro-unit. The part after the point is exact, while `amount * 1e6` would be rounded on the way. */
export function toMicros(amount: number): Micros {
  const units = Math.trunc(amount)
  return units * 1e6 + Math.round((amount - units) * 1e6) + 0 // + 0 turns -0 into 0
}

/** The nearest number there is: above 8 589 934 592 some micro-units have none of their own. */
export function fromMicros(micros: Micros): number {
  return micros / 1e6
}

/** An amount as an export holds it. */
export interface ExportedAmount {
  readonly amount: number
  /** In millionths; only where `amount`, a double, stands for another number of them. */
  readonly micros?: Micros
}

export function exportAmount(micros: Micros): ExportedAmount {
  const amount = fromMicros(micros)
  return toMicros(amount) === micros ? { amount } : { amount, micros }
}

/** The inverse of `exportAmount`. */
export function importAmount(amount: number, micros: Micros | undefined): Micros {
  return micros ?? toMicros(amount)
}
