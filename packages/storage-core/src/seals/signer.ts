import {
  KeyObject,
  createHmac,
  createPublicKey,
  createSecretKey,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { refuse, string } from '../rules/validate.ts'
import type { Signer } from './seal-key.ts'

const LEAST_BYTES = 16

/** A key to seal with. */
export function sealingKey(argument: string, value: unknown): Signer {
  if (value instanceof KeyObject && value.type === 'public')
    refuse(argument, 'must be the private key: a public one can only verify')
  return verifyingKey(argument, value)
}

/** A key to verify with; a private one brings its public one. */
export function verifyingKey(argument: string, value: unknown): Signer {
  const key = value instanceof KeyObject ? value : secretOf(argument, value)
  if (key.type === 'secret') {
    if ((key.symmetricKeySize ?? 0) < LEAST_BYTES) refuse(argument, `must take at least ${LEAST_BYTES} bytes`)
    return hmac(key)
  }
  if (key.asymmetricKeyType !== 'ed25519')
    refuse(argument, 'must be a secret or an Ed25519 key, and is one of another kind')
  return ed25519(key)
}

function secretOf(argument: string, value: unknown): KeyObject {
  if (value instanceof Uint8Array) return createSecretKey(value)
  if (typeof value !== 'string') return refuse(argument, 'must be a string, bytes or a KeyObject')
  // as a secret, the text of a public key would be one that everybody knows
  if (value.trimStart().startsWith('-----BEGIN'))
    return refuse(argument, 'must be a KeyObject where it is a PEM text: createPrivateKey() makes one')
  return createSecretKey(string(argument, value), 'utf8')
}

function hmac(key: KeyObject): Signer {
  const of = (text: string): Buffer => createHmac('sha256', key).update(text).digest()
  return {
    algorithm: 'HMAC-SHA-256',
    sign: (text) => of(text).toString('base64'),
    verify(text, signature) {
      const [own, given] = [of(text), Buffer.from(signature, 'base64')]
      return own.length === given.length && timingSafeEqual(own, given)
    },
  }
}

function ed25519(key: KeyObject): Signer {
  const publicKey = key.type === 'public' ? key : createPublicKey(key)
  return {
    algorithm: 'Ed25519',
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64')),
  }
}
