#!/usr/bin/env node
import './check-node.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type CliOptions, USAGE, UsageError, parseCommand } from './cli-options.ts'
import { explain, list } from './explain.ts'
import { exitCode } from './exit-code.ts'
import { loadBackend } from './load.ts'
import { messageOf } from './message.ts'
import { startProgress } from './progress.ts'
import { describeResult, levelText, renderMarkdown, replayCommand } from './render.ts'
import { type Report, closingLine } from './report.ts'
import { createRun } from './run.ts'

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2))
  if (command.kind === 'help') return print(USAGE, 0)
  if (command.kind === 'list') return print(list(), 0)
  if (command.kind === 'explain') return print(explain(command.id), 0)
  return measure(command.options)
}

async function measure(options: CliOptions): Promise<number> {
  const { module, report: formats, out, require, ...rest } = options
  const url = pathToFileURL(resolve(module)).href
  const progress = startProgress(process.stderr)
  const backend = await loadBackend(url)
  const run = createRun(backend, url, {
    ...rest,
    onStart: progress.started,
    onResult(one) {
      progress.finished(one)
      if (one.message !== undefined)
        progress.note(describeResult(one, replayCommand(module, run.seed, one.id)))
    },
  })
  if (run.planned.length === 0)
    throw new UsageError('Nothing to run: no scenario of that name applies to this backend.')
  progress.note(`${backend.name} ${backend.version}: ${run.planned.length} scenarios, seed ${run.seed}`)
  const trouble = await run.preflight()
  for (const one of trouble) progress.note(describeResult(one, replayCommand(module, run.seed, one.id)))
  if (trouble.length === 0) for (const planned of run.planned) await run.execute(planned)
  progress.end()
  const report = await run.end()
  await writeReports(report, module, formats, out)
  console.log(`level: ${levelText(report)}`)
  console.log(closingLine(report))
  return exitCode(report, require)
}

async function writeReports(
  report: Report,
  module: string,
  formats: readonly string[],
  out: string,
): Promise<void> {
  if (formats.length > 0) await mkdir(out, { recursive: true })
  for (const format of formats) {
    const text = format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : renderMarkdown(report, module)
    await writeFile(join(out, `conformance.${format}`), text)
  }
}

function print(text: string, code: number): number {
  console.log(text)
  return code
}

const code = await main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`)
    return 2
  }
  console.error(messageOf(error))
  return 3
})
// Whatever the backend left open. What was printed is to arrive first.
for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done))
process.exit(code)
