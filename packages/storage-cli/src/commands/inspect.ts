import { once } from 'node:events'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { startServer } from '../inspect/server.ts'
import { port } from '../parse.ts'
import { printable } from '../terminal.ts'

/** Shows the store on a page, until it is interrupted. */
export const inspect: Command<{ readonly port?: number }> = {
  usage: 'inspect [store]',
  summary: 'a page that shows the store, at an address of this machine',
  details: [
    'It is served to browsers on this machine alone, to those who know the address: the token in it is new each time.',
    'It changes nothing, needs no network, and ends with Ctrl-C.',
  ].join('\n'),
  options: [{ flags: '--port <number>', description: 'at this port; default is a free one', parse: port }],
  examples: [
    'inspect sqlite:./decisions.sqlite',
    'inspect --store postgres://localhost/shop --port 4711',
    'inspect ./store.mjs',
  ],
  async run({ args: [name], options, output, notes, open, terminal: { signal } }) {
    const { storage, label } = await open('use', name)
    const url = await startServer({ storage, label, port: options.port ?? 0, signal })
    await output.document({ url }, [url])
    if (!output.isJson) notes.say(`Shows ${printable(label)}; Ctrl-C ends it.`)
    if (!signal.aborted) await once(signal, 'abort')
    return EXIT.fine
  },
}
