import { settleBy } from '@dir/storage-core/adapter'
import { Command as Program, Option } from 'commander'
import type { Command, Context } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { UsageError, describeError } from './errors.ts'
import { EXIT, EXIT_CODES } from './exit-code.ts'
import { Notes } from './notes.ts'
import { Output } from './output.ts'
import { duration } from './parse.ts'
import { type OpenedStore, openStore } from './stores.ts'
import type { Terminal } from './terminal.ts'

/** What every command takes. */
interface Shared {
  readonly store?: string
  readonly namespace?: string
  readonly timeout?: number
  readonly json?: boolean
  readonly debug?: boolean
}

/** How long an interrupted command may take to remove what it made. */
const CLEAN_UP_MS = 1_000

const STORE_ENV = 'DIR_STORAGE_URL'

/** Runs one command line. @returns its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const notes = new Notes(terminal)
  const opened: OpenedStore[] = []
  let exitCode: number = EXIT.fine
  let isDebugging = false
  const program = newProgram(terminal)
  for (const command of COMMANDS)
    register(program, command, async (given, options) => {
      isDebugging = options.debug === true
      const open: Context<object>['open'] = async (purpose, name = storeOf(options, terminal)) => {
        const { namespace, timeout } = options
        const store = await openStore(name, purpose, {
          ...(namespace === undefined ? {} : { namespace }),
          ...(timeout === undefined ? {} : { timeoutMs: timeout * 1_000 }),
        })
        opened.push(store)
        return store
      }
      const output = new Output(terminal, options.json === true)
      exitCode = await command.run({ args: given, options, output, notes, terminal, open })
    })
  const { signal } = terminal
  const ended = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(Number(signal.reason)), { once: true })
  })
  const ran = program.parseAsync(args, { from: 'user' }).then(
    () => exitCode,
    (error: unknown) => {
      if (signal.aborted) return exitCode // for then something else is at an end
      const { exitCode: code, message } = describeError(error)
      notes.end()
      if (message !== '') notes.fail(message)
      if (isDebugging && error instanceof Error) notes.say(error.stack ?? '')
      return code
    },
  )
  const code = await Promise.race([ran, ended])
  notes.end()
  await Promise.allSettled(opened.map(({ storage }) => storage.close({ drainMs: 0 })))
  // a command that was interrupted may have files to remove
  await settleBy(performance.now() + CLEAN_UP_MS, ran, () => new Error('late')).catch(() => {})
  return code
}

function storeOf({ store }: Shared, { env }: Terminal): string {
  const name = store ?? env[STORE_ENV]
  if (name === undefined || name === '')
    throw new UsageError(`Name the store by --store, or by ${STORE_ENV} in the environment.`)
  return name
}

function newProgram({ stdout, stderr }: Terminal): Program {
  return new Program('dir-storage')
    .description('Looks into a store of the Decision Intelligence Runtime, copies, compares and prunes it.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(--help shows how it is used)')
    .addHelpText(
      'after',
      `
A store is named by a URL, or by the path of a module that exports a handle, a bundle or a function that returns one:
  sqlite:./decisions.sqlite    postgres://user@host/database    redis://host    mongodb://host    ./store.mjs
A namespace other than dir_storage follows by --namespace, or behind the URL: redis://host#desk.
The adapter is loaded from the project in the current folder. ${STORE_ENV} is used where --store is left out.

${EXIT_CODES}

Examples:
  $ dir-storage doctor --store sqlite:./decisions.sqlite
  $ dir-storage flows --store postgres://localhost/shop --status RESERVED --older-than 15m
  $ dir-storage copy sqlite:./decisions.sqlite postgres://localhost/shop
  $ dir-storage verify sqlite:./decisions.sqlite postgres://localhost/shop`,
    )
}

type Act = (args: readonly string[], options: Shared & object) => Promise<void>

function register(program: Program, command: Command, act: Act): void {
  const { usage, summary, details = '', options, examples, takesStore = true } = command
  const sub = program.command(usage).summary(summary).description(`${summary}\n${details}`.trimEnd())
  if (takesStore) sub.option('-s, --store <store>', `the store; ${STORE_ENV} where it is left out`)
  sub.option('-n, --namespace <name>', 'the namespace, where it is not dir_storage')
  for (const { flags, description, parse, default: value, required = false } of options) {
    const option = new Option(flags, description).makeOptionMandatory(required)
    if (parse !== undefined) option.argParser(parse)
    if (value !== undefined) option.default(value)
    sub.addOption(option)
  }
  sub.addOption(
    new Option('--timeout <time>', 'the deadline of each call, such as 30s; default 5s').argParser(duration),
  )
  sub.option('--json', 'JSON on stdout, one document, or a line each where there may be many')
  sub.option('--debug', 'show the stack of an error')
  sub.addHelpText('after', ['', 'Examples:', ...examples.map((one) => `  $ dir-storage ${one}`)].join('\n'))
  sub.action(async () => act(sub.args, sub.opts()))
}
