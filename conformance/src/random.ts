import { createHash, randomBytes } from 'node:crypto'

/** The stream of a seed and a name: from 0 (inclusive) to 1, the same sequence each time. */
export function randomStream(seed: number, name: string): () => number {
  const digest = createHash('sha256').update(`${seed}:${name}`).digest()
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number]
  return () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 2 ** 32
  }
}

/** Twelve characters that nobody guesses, fit for a namespace. */
export function nonce(): string {
  return randomBytes(8).toString('hex').slice(0, 12)
}
