/** How much is done. */
export interface Scale {
  readonly seed: number
  /** Only calls whose name contains this. */
  readonly only: string
  /** How many cells run at a time. */
  readonly lanes: number
  /** At most so many cells of the table, chosen by the seed. */
  readonly cells: number
}
export const FULL: Omit<Scale, 'seed' | 'only'> = { lanes: 30, cells: Infinity }
/** For tests. */
export const SMALL: Omit<Scale, 'seed' | 'only'> = { lanes: 30, cells: 150 }
