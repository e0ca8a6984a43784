/** A deadline passed here. */
export class Late extends Error {
  override readonly name = 'AbortError'
}
