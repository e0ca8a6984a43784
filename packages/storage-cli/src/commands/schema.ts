import type { Command } from '../command.ts'
import { UsageError } from '../errors.ts'
import { EXIT } from '../exit-code.ts'
import { wholeNumber } from '../parse.ts'
import { PRINTERS } from '../schema-text.ts'

interface Options {
  readonly migrate?: boolean
  readonly print?: boolean
  readonly from: number
  readonly role: string
}

/** Tells which version of the schema a store has, brings it up to date, or prints what an administrator runs. */
export const schema: Command<Options> = {
  usage: 'schema',
  summary: 'the version of the schema; makes it, or prints its statements',
  details:
    'Without an option it tells the version, and makes nothing. A role that may not make the schema needs what --print shows at its end.',
  options: [
    { flags: '--migrate', description: 'make the schema, or bring it up to date' },
    {
      flags: '--print',
      description: 'print the statements, and what a restricted role needs; connects to nothing',
    },
    {
      flags: '--from <version>',
      description: 'with --print: the version that is there',
      parse: wholeNumber(0),
      default: 0,
    },
    { flags: '--role <name>', description: 'with --print: the role, or user', default: 'the_role' },
  ],
  examples: [
    'schema --store sqlite:./decisions.sqlite',
    'schema --store postgres://localhost/shop --print --role app > schema.sql',
    'schema --store postgres://localhost/shop --migrate',
  ],
  async run({ options, output, open }) {
    if (options.print === true && options.migrate === true)
      throw new UsageError('Either --print or --migrate, not both.')
    const {
      storage,
      adapter,
      label,
      namespace = 'dir_storage',
    } = await open(options.migrate === true ? 'make' : 'use')
    if (options.print === true) {
      const print = PRINTERS[storage.backend]
      if (print === undefined || adapter === undefined)
        throw new UsageError('Only of a store that a URL names can the statements be printed.')
      const { from, role } = options
      const text = print(adapter, { label, namespace, from, role })
      await output.document(text, [text.statements, text.rights.trimEnd()])
      return EXIT.fine
    }
    await storage.init()
    const { details } = await storage.health()
    const version = details['schemaVersion'] ?? null
    await output.document({ backend: storage.backend, schemaVersion: version }, [
      version === null ? `${storage.backend} has no schema` : `version ${String(version)}, the current one`,
    ])
    return EXIT.fine
  },
}
