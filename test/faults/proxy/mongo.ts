import { type Wire, framer } from './wire.ts'

const HEADER = 16
const OP_MSG = 2013
/** Before the command's name: header, flags, the section's kind, the document's length, the element's type. */
const NAME_AT = HEADER + 4 + 1 + 4 + 1
/** What the driver sends of its own accord. */
const OWN = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions', 'buildInfo'])

/** MongoDB's messages, uncompressed. */
export const mongoWire: Wire = {
  requests: () =>
    framer(lengthOf, (bytes) => {
      const isMessage = bytes.readInt32LE(12) === OP_MSG
      const name = bytes.toString('utf8', NAME_AT, bytes.indexOf(0, NAME_AT))
      return { bytes, isCall: isMessage && !OWN.has(name), pairs: true }
    }),
  refusal: null,
  endsRefused: true,
  // a heartbeat's replies go on without requests: nobody waits for their pairs
  replies: () => framer(lengthOf, (bytes) => ({ bytes, isCall: false, pairs: true })),
}

function lengthOf(bytes: Buffer): number | null {
  if (bytes.length < HEADER) return null
  const length = bytes.readInt32LE(0)
  return length <= bytes.length ? length : null
}
