/** What one side sends of one exchange, whole: a request, or the reply to it. */
export interface Unit {
  readonly bytes: Buffer
  /** Of a request: it carries out somebody's call; the driver's own (greetings, heartbeats) does not. */
  readonly isCall: boolean
  /** Of a request: the server replies to it. Of what a server sends: it ends the reply to the oldest request. */
  readonly pairs: boolean
}

/** Cuts the bytes of one direction of one connection into units; what is not whole yet waits for the next bytes. */
export type Framer = (bytes: Buffer) => Unit[]

/** A protocol between a client and a server, unencrypted. */
export interface Wire {
  readonly requests: () => Framer
  readonly replies: () => Framer
  /** What a proxy or pooler replies of its own where it has lost the server's reply; null: it breaks the connection. */
  readonly refusal: Buffer | null
  /** Whether it ends the connection then. */
  readonly endsRefused: boolean
}

/** A framer of what `lengthOf` finds at the beginning of the bytes: the length of one message, or null if it is not whole. */
export function framer(lengthOf: (bytes: Buffer) => number | null, toUnit: (bytes: Buffer) => Unit): Framer {
  let waiting: Buffer = Buffer.alloc(0)
  return (bytes) => {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
    const units: Unit[] = []
    for (let length = lengthOf(waiting); length !== null; length = lengthOf(waiting)) {
      units.push(toUnit(waiting.subarray(0, length)))
      waiting = waiting.subarray(length)
    }
    return units
  }
}
