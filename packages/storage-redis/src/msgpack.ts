/** What can be packed; null becomes false, because Lua's tables cannot hold nil. */
export type Packable = string | number | null | readonly Packable[]

let buffer = Buffer.allocUnsafe(16_384)
let at = 0

/** Encodes a value in MessagePack, as Redis' `cmsgpack` reads it. */
export function pack(value: Packable): Buffer {
  at = 0
  write(value)
  const packed = Buffer.from(buffer.subarray(0, at))
  if (buffer.length > 1024 * 1024) buffer = Buffer.allocUnsafe(16_384)
  return packed
}

function write(value: Packable): void {
  if (typeof value === 'string') writeText(value)
  else if (typeof value === 'number') writeNumber(value)
  else if (value === null) writeByte(0xc2)
  else writeArray(value)
}

function writeArray(values: readonly Packable[]): void {
  writeHead(values.length, 15, 0x90, 0xdc)
  for (const value of values) write(value)
}

function writeText(text: string): void {
  const bytes = Buffer.byteLength(text)
  writeHead(bytes, 31, 0xa0, 0xda)
  reserve(bytes)
  at += buffer.write(text, at)
}

/** A length: in one byte up to `least`, else in two or four after a byte that says so. */
function writeHead(length: number, least: number, short: number, long: number): void {
  reserve(5)
  if (length <= least) buffer[at++] = short + length
  else if (length < 0x10000) {
    buffer[at] = long
    at = buffer.writeUInt16BE(length, at + 1)
  } else {
    buffer[at] = long + 1
    at = buffer.writeUInt32BE(length, at + 1)
  }
}

function writeNumber(value: number): void {
  if (Number.isInteger(value) && value >= 0 && value < 128) return writeByte(value)
  reserve(9)
  buffer[at] = 0xcb // Lua has no other numbers
  at = buffer.writeDoubleBE(value, at + 1)
}

function writeByte(byte: number): void {
  reserve(1)
  buffer[at++] = byte
}

function reserve(bytes: number): void {
  if (at + bytes <= buffer.length) return
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes))
  buffer.copy(larger, 0, 0, at)
  buffer = larger
}
