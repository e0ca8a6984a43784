import { expect, test } from 'vitest'
import { mapError, outcomeOf } from '../src/errors.ts'
import { SessionEnded, WrongConnection } from '../src/wire.ts'

/** As the server says it, in whatever language; what it says by SQLSTATE, `codes.live.test.ts` asks a real one. */
const servers = (code: string, more: object = {}): Error =>
  Object.assign(new Error('non'), { code, severity: 'ERREUR', routine: 'exec', file: 'exec.c', ...more })
/** As a pooler says it in the server's place. */
const poolers = (code: string): Error => Object.assign(new Error('no'), { code, severity: 'ERROR' })
const system = (code: string): Error => Object.assign(new Error(code), { code })

test.each([
  ['a full lock table', servers('53200', { file: 'lock.c' }), 'RESOURCE_CONTENTION not-applied'],
  ['no memory', servers('53200'), 'FULL not-applied'],
  ['the end of a session', new SessionEnded(servers('53100')), 'UNAVAILABLE unknown'],
  ['25P03', servers('25P03'), 'TIMEOUT unknown'],
  ['57P01', servers('57P01'), 'UNAVAILABLE unknown'],
  ['57P05', servers('57P05'), 'UNAVAILABLE unknown'],
  ['40003', servers('40003'), 'UNAVAILABLE unknown'],
  ['a standby', new WrongConnection(servers('22012'), true), 'READ_ONLY not-applied'],
  ['a stale plan', new WrongConnection(servers('0A000'), false), 'RESOURCE_CONTENTION not-applied'],
  ['a late answer', new Error('Query read timeout'), 'TIMEOUT unknown'],
  ['a reset', system('ECONNRESET'), 'UNAVAILABLE unknown'],
  ['no name service', system('EAI_AGAIN'), 'UNAVAILABLE unknown'],
  ['a certificate', system('SELF_SIGNED_CERT_IN_CHAIN'), 'CONFIGURATION unknown'],
  ['no TLS', new Error('The server does not support SSL connections'), 'CONFIGURATION unknown'],
  [
    'a dead client',
    new Error('Client has encountered a connection error and is not queryable'),
    'UNAVAILABLE not-applied',
  ],
  ['a pooler without server', poolers('08P01'), 'UNAVAILABLE unknown'],
  ['a pooler that failed', poolers('58000'), 'UNAVAILABLE unknown'],
  ['a pooler without room', poolers('53300'), 'UNAVAILABLE unknown'],
  ['a pooler that knows no more', poolers('XX000'), 'UNAVAILABLE unknown'],
  ['no password', new Error('SASL: client password must be a string'), 'AUTH unknown'],
  ['an ended pool', new Error('Cannot use a pool after calling end on the pool'), 'CLOSED unknown'],
  ['anything else', new Error('?'), 'INTERNAL unknown'],
])('%s', (_, cause, expected) => {
  const error = mapError(cause, { outcome: outcomeOf(cause) })
  expect(`${error.code} ${error.outcome}`).toBe(`STORAGE_${expected}`)
})

test('shows what the server says of names, rights and connections, and nothing that may quote a value', () => {
  const shown = (cause: Error): unknown => (mapError(cause).cause as { message: string }).message
  expect(shown(servers('42501'))).toBe('non')
  expect(shown(servers('57P03'))).toBe('non')
  for (const code of ['22P02', '23505', '42601', 'P0001', 'XX000', '99999'])
    expect(shown(servers(code))).not.toBe('non')
  expect(shown(servers('53100', { where: 'PL/pgSQL function theirs() line 1 at RAISE' }))).toBe('')
})
