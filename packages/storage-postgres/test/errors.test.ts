import { expect, test } from 'vitest'
import { mapError, outcomeOf } from '../src/errors.ts'

const refused = (code: string, message = 'no'): Error =>
  Object.assign(new Error(message), { code, severity: 'ERROR' })
const ended = (code: string): Error => Object.assign(new Error('bye'), { code, severity: 'FATAL' })
const system = (code: string): Error => Object.assign(new Error(code), { code })

// as the server and the driver name what goes wrong, each with what it becomes after a write was sent
test.each([
  ['40001', refused('40001'), 'RESOURCE_CONTENTION not-applied'],
  ['40P01', refused('40P01'), 'RESOURCE_CONTENTION not-applied'],
  ['55P03', refused('55P03'), 'RESOURCE_CONTENTION not-applied'],
  ['a full lock table', refused('53200', 'out of shared memory'), 'RESOURCE_CONTENTION not-applied'],
  ['57014', refused('57014'), 'TIMEOUT not-applied'],
  ['25P03', ended('25P03'), 'TIMEOUT unknown'],
  ['a late answer', new Error('Query read timeout'), 'TIMEOUT unknown'],
  ['57P01', ended('57P01'), 'UNAVAILABLE unknown'],
  ['57P03', ended('57P03'), 'UNAVAILABLE unknown'],
  ['40003', refused('40003'), 'UNAVAILABLE unknown'],
  ['a reset', system('ECONNRESET'), 'UNAVAILABLE unknown'],
  ['no name service', system('EAI_AGAIN'), 'UNAVAILABLE unknown'],
  ['a certificate', system('SELF_SIGNED_CERT_IN_CHAIN'), 'UNAVAILABLE unknown'],
  [
    'a dead client',
    new Error('Client has encountered a connection error and is not queryable'),
    'UNAVAILABLE not-applied',
  ],
  ['a pooler without server', ended('08P01'), 'UNAVAILABLE unknown'],
  ['08P01', refused('08P01'), 'INTERNAL unknown'],
  ['53100', refused('53100'), 'FULL not-applied'],
  ['53200', refused('53200'), 'FULL not-applied'],
  ['58030', refused('58030'), 'IO not-applied'],
  ['XX001', refused('XX001'), 'CORRUPT not-applied'],
  ['25006', refused('25006'), 'READ_ONLY not-applied'],
  ['28P01', ended('28P01'), 'AUTH unknown'],
  ['no password', new Error('SASL: client password must be a string'), 'AUTH unknown'],
  ['42501', refused('42501'), 'PERMISSION not-applied'],
  ['42P01', refused('42P01'), 'SCHEMA not-applied'],
  ['26000', refused('26000'), 'CONFIGURATION not-applied'],
  ['2BP01', refused('2BP01'), 'CONFLICT not-applied'],
  ['54000', refused('54000'), 'VALUE_TOO_LARGE not-applied'],
  ['an ended pool', new Error('Cannot use a pool after calling end on the pool'), 'CLOSED unknown'],
  ['anything else', new Error('?'), 'INTERNAL unknown'],
])('%s', (_, cause, expected) => {
  const error = mapError(cause, { outcome: outcomeOf(cause) })
  expect(`${error.code} ${error.outcome}`).toBe(`STORAGE_${expected}`)
})
