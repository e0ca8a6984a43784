import { createInterface } from 'node:readline/promises'
import type { PruneOptions, PruneSummary, StorageHandle } from '@dir/storage-core'
import type { Command, Context } from '../command.ts'
import { UsageError } from '../errors.ts'
import { EXIT } from '../exit-code.ts'
import { given } from '../list-command.ts'
import type { Notes } from '../notes.ts'
import { duration, words } from '../parse.ts'

interface Options {
  readonly terminal: readonly string[]
  readonly olderThan: number
  readonly keepResults?: number
  readonly keepTokens?: number
  readonly dryRun?: boolean
  readonly yes?: boolean
}

type Old = Pick<PruneOptions, 'before' | 'terminal' | 'keepResultsSec' | 'keepTokensSec'>

/** Removes old flows that are over. */
export const prune: Command<Options> = {
  usage: 'prune',
  summary: 'removes old flows that are over',
  details:
    'Each whole: its events, transitions, session, results, request and retry count. It first tells what would go, and asks. It may be killed at any time and run again.',
  options: [
    {
      flags: '--terminal <statuses>',
      description: 'the statuses in which a flow is over, such as PAID,REFUSED',
      parse: words,
      required: true,
    },
    {
      flags: '--older-than <age>',
      description: 'over since so long or longer, such as 90d',
      parse: duration,
      required: true,
    },
    {
      flags: '--keep-results <age>',
      description: 'how long results stay at least; default 7d',
      parse: duration,
    },
    {
      flags: '--keep-tokens <age>',
      description: 'how long budget tokens stay at least; default 31d',
      parse: duration,
    },
    { flags: '--dry-run', description: 'only tell what would go' },
    { flags: '-y, --yes', description: 'do not ask' },
  ],
  examples: [
    'prune --terminal PAID,REFUSED --older-than 90d --dry-run',
    'prune --terminal PAID,REFUSED --older-than 90d --yes',
  ],
  async run(context) {
    const { options, output, notes, terminal, open } = context
    const { dryRun = false, yes = false } = options
    if (!dryRun && !yes && terminal.stdin.isTTY !== true)
      throw new UsageError('Nobody can be asked here: look by --dry-run first, then say --yes.')
    const { storage } = await open('use')
    const old = oldOf(options)
    if (!yes) {
      const would = await storage.prune({ ...old, dryRun: true })
      if (dryRun) {
        await output.document({ dryRun, ...would }, told(would, 'would go', old))
        return EXIT.fine
      }
      for (const line of told(would, 'would go', old)) notes.say(line)
      if (would.flows === 0 && Object.keys(would.removed).length === 0) return EXIT.fine
      if (!(await agreed(context))) return EXIT.fine
    }
    const summary = await remove(storage, old, notes, terminal.signal)
    await output.document({ dryRun, ...summary }, told(summary, 'are gone', old))
    return EXIT.fine
  },
}

function oldOf({ terminal, olderThan, keepResults, keepTokens }: Options): Old {
  const before = new Date(Date.now() - olderThan * 1_000).toISOString()
  return { before, terminal, ...given({ keepResultsSec: keepResults, keepTokensSec: keepTokens }) }
}

function remove(storage: StorageHandle, old: Old, notes: Notes, signal: AbortSignal): Promise<PruneSummary> {
  return storage.prune({
    ...old,
    signal,
    onProgress: ({ flows }) => notes.progress(() => `${flows} flows removed`),
  })
}

async function agreed({ terminal }: Context<Options>): Promise<boolean> {
  const asking = createInterface({ input: terminal.stdin, output: terminal.stderr })
  try {
    const answer = await asking.question('Remove them? [y/N] ', { signal: terminal.signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}

function told({ flows, removed, kept }: PruneSummary, what: string, { before }: Old): string[] {
  const list = (counts: object): string =>
    Object.entries(counts)
      .map(([protocol, count]) => `${protocol} ${String(count)}`)
      .join(', ')
  const records = list(removed) === '' ? '' : ` (records: ${list(removed)})`
  return [
    `flows that ${what}, over before ${before}: ${flows}${records}`,
    ...(list(kept) === '' ? [] : [`old ones that stay, by what keeps them: ${list(kept)}`]),
  ]
}
