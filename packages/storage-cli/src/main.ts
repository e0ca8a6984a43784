#!/usr/bin/env node
import './check-node.ts'
import { constants } from 'node:os'
import { run } from './run.ts'

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => ended.abort(128 + constants.signals[signal]))
// whoever reads the output, such as `head`, has seen enough
process.stdout.on('error', (error: NodeJS.ErrnoException) => ended.abort(error.code === 'EPIPE' ? 0 : 3))

const { stdin, stdout, stderr } = process
const code = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env: process.env,
  signal: ended.signal,
})
// What was printed is to arrive before the end of whatever a module left open.
for (const stream of [stdout, stderr]) await new Promise((done) => stream.write('', done))
process.exit(code)
