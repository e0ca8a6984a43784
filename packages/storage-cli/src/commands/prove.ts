import { proveConsistency, proveEvent } from '@dir/storage-core/seals'
import type { Command, Context } from '../command.ts'
import { UsageError } from '../errors.ts'
import { EXIT } from '../exit-code.ts'
import { wholeNumber } from '../parse.ts'
import { readHead } from '../seal-files.ts'

interface Options {
  readonly event?: number
  readonly from?: string
  readonly head: string
}

/** Proves something of the log to somebody who has only a head. */
export const prove: Command<Options> = {
  usage: 'prove',
  summary: 'proves that an event is in the log of a head, or that an older head is of the same log',
  details: 'Prints JSON, which checkProof of @dir/storage-core/seals checks without a store.',
  options: [
    { flags: '--event <seq>', description: 'the event', parse: wholeNumber(1) },
    { flags: '--from <file>', description: 'the older head' },
    { flags: '--head <file>', description: 'the head: what seal --json printed', required: true },
  ],
  examples: ['prove --event 17 --head head.json', 'prove --from january.json --head december.json'],
  async run(context) {
    const { options, output, open } = context
    const { event: seq, from, head: file } = options
    if ((seq === undefined) === (from === undefined)) throw new UsageError('Name either --event or --from.')
    const head = await readHead(file)
    const older = from === undefined ? undefined : await readHead(from)
    const { storage } = await open('use')
    if (older !== undefined) {
      const proof = await proveConsistency(storage, older, head)
      await output.line(JSON.stringify({ from: older, head, proof }, null, 2))
      return EXIT.fine
    }
    if (seq === undefined) return EXIT.usage
    const proof = await proveEvent(storage, seq, { head })
    const event = await eventOf(storage, seq)
    await output.line(JSON.stringify({ event, head, proof }, null, 2))
    return EXIT.fine
  },
}

type Storage = Awaited<ReturnType<Context<Options>['open']>>['storage']

/** As it is sealed; null where it was pruned. */
async function eventOf({ decisionAudit }: Storage, wanted: number): Promise<object | null> {
  for await (const {
    seq,
    dfid,
    event,
    timestamp,
    stepId,
    state,
    agentId,
    detailsJson,
  } of decisionAudit.events({ afterSeq: wanted - 1, limit: 1 }))
    if (seq === wanted) return { seq, dfid, event, timestamp, stepId, state, agentId, detailsJson }
  return null
}
