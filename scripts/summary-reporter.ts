import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/** Ends a test run with one plain line that any CI can read: `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const notes = new Map<string, number>()
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      count.failed += Math.min(module.errors().length, 1)
      for (const test of module.children.allTests()) {
        const result = test.result()
        count[result.state === 'pending' ? 'skipped' : result.state]++
        const note = result.state === 'skipped' ? result.note : undefined
        if (note !== undefined) notes.set(note, (notes.get(note) ?? 0) + 1)
      }
    }
    // A set-up that fails, or a run that is interrupted, belongs to no test.
    if (reason !== 'passed' && count.failed === 0) count.failed = 1
    // Other reporters still write after this hook, so the line waits for the exit.
    process.on('exit', () => {
      for (const [note, times] of notes) console.log(`not tested (${times} tests or groups of them): ${note}`)
      const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`
      if (process.env['SUMMARY_FILE']) writeFileSync(process.env['SUMMARY_FILE'], line)
      console.log(line)
    })
  }
}
