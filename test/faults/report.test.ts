import { expect, test } from 'vitest'
import { KNOWN } from './known.ts'
import { report } from './report.ts'

test('a known fault must be found where all calls are made, and not where only some are', () => {
  for (const { part, backends } of KNOWN)
    for (const backend of backends) {
      const result = { part, ran: {}, findings: [], short: [] }
      expect(report(backend, result, { seconds: 0, only: '' }).isGood).toBe(false)
      expect(report(backend, result, { seconds: 0, only: 'saga' }).isGood).toBe(true)
    }
})
