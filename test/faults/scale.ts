/** How much is done. */
export interface Scale {
  readonly seed: number
  /** Only calls whose name contains this. */
  readonly only: string
  /** How many cells of the table run at a time. */
  readonly lanes: number
  /** At most so many cells of the table, chosen by the seed. */
  readonly cells: number
  /** How many calls the storm has, by so many callers at a time. */
  readonly calls: number
  readonly callers: number
  /** How many batches of one handle are to be carried out side by side. */
  readonly beside: number
  /** How many batches are begun at once, more than can be carried out in time. */
  readonly flood: number
}

type Size = Omit<Scale, 'seed' | 'only'>

export const FULL: Size = {
  lanes: 16,
  cells: Infinity,
  calls: 3_000,
  callers: 30,
  beside: 256,
  flood: 10_000,
}

/** For tests. */
export const SMALL: Size = {
  lanes: 16,
  cells: 150,
  calls: 300,
  callers: 16,
  beside: 128,
  flood: 10_000,
}
