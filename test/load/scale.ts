interface EventScale {
  readonly events: number
  readonly writers: number
  readonly readers: number
  readonly followers: number
  /** Null: as fast as they can. */
  readonly aSecond: number | null
}

/** How much load each part is. */
export interface Scale {
  readonly acquires: {
    readonly attempts: number
    readonly processes: number
    readonly kills: number
    readonly leaseSec: number
  }
  readonly events: EventScale
  /** The same at a steady pace. */
  readonly follow: EventScale
  readonly crowd: {
    /** Together. */
    readonly callers: number
    readonly processes: number
    readonly milliseconds: number
    readonly rounds: number
  }
  readonly init: { readonly processes: number; readonly rounds: number }
  readonly kills: { readonly cycles: number; readonly writers: number; readonly acks: number }
  readonly prune: {
    readonly flows: number
    readonly writers: number
    readonly writesBefore: number
    readonly kills: number
    readonly looks: number
  }
  readonly outbox: { readonly transactions: number; readonly writers: number; readonly kills: number }
  /** After so long a process is killed, and its part of the load fails. */
  readonly timeoutMs: number
}

export const FULL: Scale = {
  acquires: { attempts: 20_000, processes: 8, kills: 12, leaseSec: 5 },
  events: { events: 20_000, writers: 8, readers: 1, followers: 4, aSecond: null },
  follow: { events: 20_000, writers: 8, readers: 0, followers: 4, aSecond: 1_000 },
  crowd: { callers: 64, processes: 4, milliseconds: 5_000, rounds: 3 },
  init: { processes: 16, rounds: 5 },
  kills: { cycles: 15, writers: 2, acks: 200 },
  prune: { flows: 100_000, writers: 4, writesBefore: 4_000, kills: 20, looks: 200 },
  outbox: { transactions: 1_000, writers: 4, kills: 24 },
  timeoutMs: 900_000,
}

/** About a twentieth, for tests. */
export const SMALL: Scale = {
  acquires: { attempts: 600, processes: 3, kills: 2, leaseSec: 1 },
  events: { events: 800, writers: 3, readers: 1, followers: 2, aSecond: null },
  follow: { events: 300, writers: 3, readers: 0, followers: 2, aSecond: 200 },
  crowd: { callers: 16, processes: 2, milliseconds: 500, rounds: 1 },
  init: { processes: 4, rounds: 1 },
  kills: { cycles: 1, writers: 2, acks: 100 },
  prune: { flows: 500, writers: 2, writesBefore: 60, kills: 1, looks: 30 },
  outbox: { transactions: 80, writers: 4, kills: 4 },
  timeoutMs: 600_000,
}
