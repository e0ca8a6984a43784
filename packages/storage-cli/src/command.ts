import type { ExitCode } from './exit-code.ts'
import type { Output } from './output.ts'
import type { Notes } from './notes.ts'
import type { OpenedStore, Purpose } from './stores.ts'
import type { Terminal } from './terminal.ts'

/** What a command works with. */
export interface Context<Options> {
  /** Those of its command line, in order. */
  readonly args: readonly string[]
  readonly options: Options
  readonly output: Output
  /** Progress and messages, on stderr. */
  readonly notes: Notes
  readonly terminal: Terminal
  /** The store of `--store`, or the one that is named; it is closed at the end. */
  readonly open: (purpose: Purpose, name?: string) => Promise<OpenedStore>
}

/** An option: how it is written, what it does, and what is made of its text. */
export interface CommandOption {
  readonly flags: string
  readonly description: string
  readonly parse?: (text: string) => unknown
  readonly default?: string | number
  readonly required?: boolean
}

export interface Command<Options = object> {
  /** Its name and arguments, such as `flow <id>`. */
  readonly usage: string
  readonly summary: string
  /** What its help says beside that. */
  readonly details?: string
  readonly options: readonly CommandOption[]
  /** Arguments of examples for its help, as they are typed after `dir-storage`. */
  readonly examples: readonly string[]
  /** False: its arguments name its stores, so that it has no `--store`. */
  readonly takesStore?: boolean
  run(context: Context<Options>): Promise<ExitCode>
}
