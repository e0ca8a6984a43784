import { type Wire, framer } from './wire.ts'

const SCRIPT_CALL = /^\*\d+\r\n\$\d+\r\neval/i

/** RESP, both versions. A call of ours is a script's; all else is the driver's greeting. */
export const redisWire: Wire = {
  requests: () =>
    framer(lengthOf, (bytes) => ({
      bytes,
      isCall: SCRIPT_CALL.test(bytes.toString('latin1', 0, 40)),
      pairs: true,
    })),
  refusal: Buffer.from('-ERR upstream failure\r\n'),
  endsRefused: false,
  replies: () => framer(lengthOf, (bytes) => ({ bytes, isCall: false, pairs: bytes[0] !== PUSH })),
}

const PUSH = '>'.charCodeAt(0)

function lengthOf(bytes: Buffer): number | null {
  return endOf(bytes, 0)
}

/** Where the value that begins at `start` ends; null: further on than there are bytes. */
function endOf(bytes: Buffer, start: number): number | null {
  const line = bytes.indexOf('\r\n', start)
  if (line < 0) return null
  const type = bytes.toString('latin1', start, start + 1)
  const count = Number(bytes.toString('latin1', start + 1, line))
  const head = line + 2
  if ('$=!'.includes(type)) {
    const end = count < 0 ? head : head + count + 2
    return end <= bytes.length ? end : null
  }
  if (!'*~>%|'.includes(type)) return head
  let end: number | null = head
  for (let left = '%|'.includes(type) ? count * 2 : count; left > 0 && end !== null; left--)
    end = endOf(bytes, end)
  return end
}
