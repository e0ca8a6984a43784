import { parseArgs } from 'node:util'
import { LEVELS, type Level } from './scenario.ts'

export const USAGE = `dir-storage-conformance <backend module> [options]

Runs the DIR storage contract against the backend that the module exports by defineBackend().

  --level LEVEL      run nothing above it: ${LEVELS.join(', ')} (default: what the backend claims)
  --require LEVEL    exit with 0 only if at least this level is reached (default: all that ran)
  --only ID          run only these: an id, a group such as resource-lock, or a beginning* (repeatable)
  --seed N           of all random inputs (default: a new one, which is printed)
  --report FORMATS   write json, md or json,md
  --out DIR          where (default: .)
  --list             print every scenario, and exit
  --explain ID       print what a scenario checks and which broken backends it catches, and exit

Exit codes: 0 reached, 1 a promise is broken, 2 wrong usage, 3 an error, or nothing ran, 4 incomplete.`

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {}

export interface CliOptions {
  readonly module: string
  readonly level?: Level
  readonly require?: Level
  readonly only?: readonly string[]
  readonly seed?: number
  readonly report: readonly string[]
  readonly out: string
}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | { readonly kind: 'explain'; readonly id: string }
  | { readonly kind: 'run'; readonly options: CliOptions }

export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  if (values.help === true) return { kind: 'help' }
  if (values.list === true) return { kind: 'list' }
  if (values.explain !== undefined) return { kind: 'explain', id: values.explain }
  const [module, ...more] = positionals
  if (module === undefined || more.length > 0) throw new UsageError('Give the path of one backend module.')
  const only = values.only?.flatMap((ids) => ids.split(','))
  return {
    kind: 'run',
    options: {
      module,
      ...(values.level === undefined ? {} : { level: toLevel('--level', values.level) }),
      ...(values.require === undefined ? {} : { require: toLevel('--require', values.require) }),
      ...(values.seed === undefined ? {} : { seed: toSeed(values.seed) }),
      ...(only === undefined ? {} : { only }),
      report: toFormats(values.report),
      out: values.out ?? '.',
    },
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        level: { type: 'string' },
        require: { type: 'string' },
        only: { type: 'string', multiple: true },
        seed: { type: 'string' },
        report: { type: 'string' },
        out: { type: 'string' },
        list: { type: 'boolean' },
        explain: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function toLevel(option: string, text: string): Level {
  const level = LEVELS.find((one) => one === text)
  if (level === undefined)
    throw new UsageError(`${option} must be one of ${LEVELS.join(', ')}, and is ${text}.`)
  return level
}

function toSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new UsageError(`--seed must be a whole number, and is ${text}.`)
  return seed
}

function toFormats(text: string | undefined): string[] {
  const formats = text?.split(',') ?? []
  const unknown = formats.find((format) => format !== 'json' && format !== 'md')
  if (unknown !== undefined)
    throw new UsageError(`--report takes json and md, not ${JSON.stringify(unknown)}.`)
  return formats
}
