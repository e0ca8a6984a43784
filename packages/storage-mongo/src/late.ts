/** A deadline passed here. */
export class Late extends Error {
  override readonly name = 'AbortError'
}

/** What was judged inside a transaction has changed meanwhile: it is to be run again. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}
