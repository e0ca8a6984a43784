import type { AuditEvent } from '@dir/storage-core'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { FLOW, given } from '../list-command.ts'
import type { Column } from '../output.ts'
import { wholeNumber } from '../parse.ts'

interface Options {
  readonly follow?: boolean
  readonly lines: number
  readonly flow?: string
  readonly agent?: string
  readonly event?: string
}

const COLUMNS: readonly Column<AuditEvent>[] = [
  ['SEQ', ({ seq }) => seq],
  ['TIME', ({ timestamp }) => timestamp],
  ['FLOW', ({ dfid }) => dfid],
  ['EVENT', ({ event }) => event],
  ['AGENT', ({ agentId }) => agentId],
  ['STEP', ({ stepId }) => stepId],
  ['STATE', ({ state }) => state],
  ['DETAILS', ({ detailsJson }) => detailsJson],
]

/** Shows the last events of the log, and those that come. */
export const tail: Command<Options> = {
  usage: 'tail',
  summary: 'the last events of the log',
  options: [
    { flags: '-f, --follow', description: 'go on with those that come, until it is interrupted' },
    {
      flags: '--lines <count>',
      description: 'how many of those that are there',
      parse: wholeNumber(1),
      default: 10,
    },
    FLOW,
    { flags: '--agent <id>', description: 'only those of this agent' },
    { flags: '--event <name>', description: 'only those of this name' },
  ],
  examples: ['tail --follow', 'tail --lines 100 --flow trade-4711 --json'],
  async run({ options, output, open, terminal }) {
    const { follow = false, lines, flow: dfid, agent: agentId, event } = options
    const { storage } = await open('use')
    const { decisionAudit } = storage
    const filter = given({ dfid, agentId, event })
    const last = await Array.fromAsync(decisionAudit.events({ ...filter, newestFirst: true, limit: lines }))
    last.reverse()
    // after the last one that was seen, so that there is no gap and none comes twice
    const afterSeq = last.at(-1)?.seq ?? 0
    const coming = follow
      ? decisionAudit.events({ ...filter, afterSeq, follow, signal: terminal.signal })
      : []
    await output.list(both(last, coming), COLUMNS, Math.max(last.length, 1))
    return EXIT.fine
  },
}

async function* both<T>(first: Iterable<T>, second: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* first
  yield* second
}
