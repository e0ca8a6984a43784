import { sqliteStorage } from './src/index.ts'
import { mkdtempSync, rmSync } from 'node:fs'
const dir = mkdtempSync('/tmp/b-')
const s = sqliteStorage(dir + '/x')
await s.init()
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }
const flows = Number(process.argv[2] ?? 64)
const started = performance.now()
let n = 0
await Promise.all(
  Array.from({ length: 64 }, async (_, i) => {
    while (performance.now() - started < 4000) {
      await s.decisionAudit.record(`flow-${i % flows}`, 'DECIDED', { stepId: 's', details })
      n++
    }
  }),
)
console.log(flows, 'flows', Math.round(n / 4))
await s.close()
rmSync(dir, { recursive: true })
