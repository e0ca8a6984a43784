/** Node's `KeyObject`, as far as it matters here. */
export interface KeyObjectLike {
  readonly type: 'secret' | 'public' | 'private'
}

/**
 * What signs seals: a secret of at least 16 bytes, or a `KeyObject` of one, for HMAC-SHA-256; the `KeyObject` of a private
 * key for Ed25519, of which verifiers need only the public one.
 */
export type SealKey = string | Uint8Array | KeyObjectLike

export type SealAlgorithm = 'HMAC-SHA-256' | 'Ed25519'

/** A key that was checked. */
export interface Signer {
  readonly algorithm: SealAlgorithm
  /** In base64. */
  sign(text: string): string
  verify(text: string, signature: string): boolean
}
