import { describe, expect, test } from 'vitest'
import { mongoWire } from './proxy/mongo.ts'
import { postgresWire } from './proxy/postgres.ts'
import { redisWire } from './proxy/redis.ts'
import type { Framer, Unit } from './proxy/wire.ts'

type Told = readonly [text: string, isCall: boolean, pairs: boolean]

const told = ({ bytes, isCall, pairs }: Unit): Told => [bytes.toString('latin1'), isCall, pairs]

/** The units are the same however the bytes are cut. */
function expectUnits(framer: () => Framer, bytes: Buffer, expected: readonly Told[]): void {
  expect(framer()(bytes).map(told)).toEqual(expected)
  const oneByOne = framer()
  expect(Array.from(bytes, (byte) => oneByOne(Buffer.of(byte)).map(told)).flat()).toEqual(expected)
}

describe('redis', () => {
  test('a command is a request, and a script is a call', () => {
    const [own, call] = ['*1\r\n$4\r\ninfo\r\n', '*3\r\n$7\r\nevalsha\r\n$2\r\n\r\n\r\n$0\r\n\r\n']
    expectUnits(redisWire.requests, Buffer.from(own + call), [
      [own, false, true],
      [call, true, true],
    ])
  })

  test('replies may hold others, and what is pushed is none', () => {
    const replies = ['+OK\r\n', '$-1\r\n', '*2\r\n:1\r\n*1\r\n$3\r\na\r\n\r\n', '%1\r\n+a\r\n_\r\n']
    const pushed = '>1\r\n+x\r\n'
    expectUnits(redisWire.replies, Buffer.from(replies.join('') + pushed), [
      ...replies.map((one) => [one, false, true] as const),
      [pushed, false, false],
    ])
  })
})

describe('postgres', () => {
  const message = (type: string, body: string): string => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return type + length.toString('latin1') + body
  }
  const greeting = message('', 'user')

  test('a request ends where it asks for an answer', () => {
    const prepared = message('P', 'SELECT') + message('B', '') + message('E', '') + message('S', '')
    const simple = message('Q', 'COMMIT\0')
    expectUnits(postgresWire.requests, Buffer.from(greeting + prepared + simple, 'latin1'), [
      [greeting, false, true],
      [prepared, true, true],
      [simple, true, true],
    ])
  })

  test('a reply ends where the server is ready, and the end of a session is told at once', () => {
    const login = message('R', '\0\0\0\0')
    const ready = message('Z', 'I')
    const rows = message('D', 'row') + message('C', 'SELECT 1\0') + ready
    const end = message('E', 'SFATAL\0C57P01\0\0')
    expectUnits(postgresWire.replies, Buffer.from(login + ready + rows + end, 'latin1'), [
      [login, false, false],
      [ready, false, true],
      [rows, false, true],
      [end, false, false],
    ])
  })
})

test('mongo: a command is a call unless it is one of the driver', () => {
  const command = (name: string): Buffer => {
    const body = Buffer.from(`\0\0\0\0\0\0\0\0\0\x10${name}\0\x01\0\0\0\0`, 'latin1')
    const head = Buffer.alloc(16)
    head.writeInt32LE(16 + body.length, 0)
    head.writeInt32LE(2013, 12)
    return Buffer.concat([head, body])
  }
  const [hello, insert] = [command('hello'), command('insert')]
  expectUnits(mongoWire.requests, Buffer.concat([hello, insert]), [
    [hello.toString('latin1'), false, true],
    [insert.toString('latin1'), true, true],
  ])
})
