import { type Framer, type Unit, type Wire } from './wire.ts'

/** The messages that end a request: Sync and a simple Query. */
const ENDS = new Set(['S', 'Q'])
const READY = 'Z'

/** PostgreSQL's protocol, version 3: a request is all messages up to the one that asks for an answer. */
export const postgresWire: Wire = {
  requests() {
    let hasBegun = false
    return gathering(
      (bytes) => {
        const [at, length] = hasBegun ? [1, lengthAt(bytes, 1)] : [0, lengthAt(bytes, 0)]
        return length === null || at + length > bytes.length ? null : at + length
      },
      (message) => {
        const isGreeting = !hasBegun
        hasBegun = true
        const isCall = !isGreeting && ENDS.has(typeOf(message))
        return { ends: isGreeting || isCall, isCall, pairs: isGreeting || isCall }
      },
    )
  },
  refusal: refusalOf('SFATAL', 'VFATAL', 'C08P01', 'Mserver conn crashed?'), // as PgBouncer says it
  endsRefused: true,
  replies() {
    let hasBegun = false
    return gathering(
      (bytes) => {
        const length = lengthAt(bytes, 1)
        return length === null || 1 + length > bytes.length ? null : 1 + length
      },
      (message) => {
        const isReady = typeOf(message) === READY
        hasBegun ||= isReady
        // while the client logs in, nobody holds anything back; an error that ends the session is told at once
        return { ends: isReady || !hasBegun || isFatal(message), isCall: false, pairs: isReady }
      },
    )
  },
}

interface Message {
  readonly ends: boolean
  readonly isCall: boolean
  readonly pairs: boolean
}

/** Units of several messages each. */
function gathering(lengthOf: (bytes: Buffer) => number | null, judge: (message: Buffer) => Message): Framer {
  let waiting: Buffer = Buffer.alloc(0)
  let begun = 0
  return (bytes) => {
    waiting = Buffer.concat([waiting, bytes])
    const units: Unit[] = []
    for (;;) {
      const length = lengthOf(waiting.subarray(begun))
      if (length === null) return units
      const { ends, ...message } = judge(waiting.subarray(begun, begun + length))
      begun += length
      if (!ends) continue
      units.push({ bytes: waiting.subarray(0, begun), ...message })
      waiting = waiting.subarray(begun)
      begun = 0
    }
  }
}

function refusalOf(...fields: readonly string[]): Buffer {
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function typeOf(message: Buffer): string {
  return message.toString('latin1', 0, 1)
}

function isFatal(message: Buffer): boolean {
  return typeOf(message) === 'E' && /S(FATAL|PANIC)\0/.test(message.toString('latin1', 5, 60))
}

function lengthAt(bytes: Buffer, at: number): number | null {
  return bytes.length < at + 4 ? null : bytes.readInt32BE(at)
}
