/** How a command ended, for scripts. */
export const EXIT = { fine: 0, found: 1, usage: 2, failed: 3 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES = `Exit codes:
  0  fine
  1  something was found: a problem by doctor or verify-log, a difference by verify, nothing by flow
  2  wrong usage
  3  the store cannot be reached, or refuses`
