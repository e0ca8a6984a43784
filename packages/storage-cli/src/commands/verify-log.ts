import { type AuditReport, verifyAudit } from '@dir/storage-core/seals'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { given } from '../list-command.ts'
import { KEY, readHead, readKey } from '../seal-files.ts'

interface Options {
  readonly key?: string
  readonly head?: string
}

/** Compares the log with its seals. */
export const verifyLog: Command<Options> = {
  usage: 'verify-log',
  summary: 'compares the log with its seals, and names the first event that was tampered with',
  details:
    'Exit code 1: there is one. It says nothing of events after the last seal; and only with a head that was kept elsewhere whether the log was cut off, or rewritten by somebody who has the key.',
  options: [
    KEY,
    { flags: '--head <file>', description: 'a head that was kept elsewhere: what seal --json printed' },
  ],
  examples: ['verify-log --key seal-public.pem --head head.json', 'verify-log'],
  async run({ options, output, terminal, open }) {
    const key = options.key === undefined ? undefined : await readKey(options.key)
    const head = options.head === undefined ? undefined : await readHead(options.head)
    const { storage } = await open('use')
    const report = await verifyAudit(storage, { ...given({ key, head }), signal: terminal.signal })
    const { problem } = report
    const verdict =
      problem === null ? output.paint('green', judgement(report)) : output.paint('red', problem.message)
    await output.document(report, [verdict, countsOf(report)])
    return report.ok ? EXIT.fine : EXIT.found
  },
}

function judgement({ head }: AuditReport): string {
  return head === null
    ? 'The log has no seal: there is nothing to compare it with.'
    : 'The log is as it was sealed.'
}

function countsOf({ events, sealed, pruned, unsealed }: AuditReport): string {
  return `events ${events}, sealed ${sealed} (of which pruned ${pruned}), after the last seal ${unsealed}`
}
