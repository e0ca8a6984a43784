// npm run bench -- [BACKEND…] [--callers 1,64,512] [--rounds N] [--write]: how many acknowledged calls a second each
// backend takes from its package, beside code written by hand on the same driver that does the same and is as durable.
// With --growth: what a call costs in a small store and in a large one. With --tracing: what it costs that
// somebody listens to the tracing channels, by default on memory and SQLite. Both sides take turns in one run; a ratio is the
// median of the rounds' ratios. --write replaces bench/RESULTS.md, bench/GROWTH.md or bench/TRACING.md.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ALONE, BACKENDS, type BackendName, type Opened } from './backends.ts'
import { compare, median } from './compare.ts'
import { growth } from './growth.ts'
import { compareListening } from './tracing.ts'
import { WORKLOADS, oursOf } from './workloads.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    callers: { type: 'string', default: '1,64,512' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    growth: { type: 'boolean', default: false },
    tracing: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const callers = values.callers.split(',').map(Number)
const rounds = Number(values.rounds)
const known = Object.keys(values.growth || values.tracing ? ALONE : BACKENDS)
const usual = values.tracing ? ['memory', 'sqlite'] : known
const named = positionals.length === 0 ? usual : positionals
const workloads = WORKLOADS.filter((one) => values.only === undefined || values.only === one)
if (named.some((name) => !known.includes(name)) || callers.some((one) => !(one >= 1)) || !(rounds >= 1)) {
  console.error(`bench: BACKEND is one of ${known.join(', ')}; callers and rounds are numbers`)
  process.exit(2)
}

const shown = (rate: number): string => Math.round(rate).toLocaleString('en')
const lines: string[] = []
const print = (line: string): void => {
  console.log(line)
  lines.push(line)
}

/** A table of all workloads, by how many callers there are. */
async function table(
  title: string,
  compared: string,
  cell: (workload: (typeof WORKLOADS)[number], count: number) => Promise<string>,
): Promise<void> {
  print(`\n## ${title}\n`)
  print(`| calls a second: ${compared} = ratio | ${callers.map((one) => `${one} at once`).join(' | ')} |`)
  print(`| --- | ${callers.map(() => '---').join(' | ')} |`)
  for (const workload of workloads) {
    const cells: string[] = []
    for (const count of callers) cells.push(await cell(workload, count))
    print(`| ${workload} | ${cells.join(' | ')} |`)
  }
}

async function compareAll(backend: BackendName): Promise<void> {
  const opened = await BACKENDS[backend]()
  const { byHand, storage, about } = opened
  const ours = oursOf(storage)
  await table(`${backend}: ${about}`, 'by hand → ours', async (workload, count) => {
    const found = await compare(byHand[workload], ours[workload], count, { rounds, milliseconds: 400 })
    return `${shown(found.one)} → ${shown(found.other)} = **${found.ratio.toFixed(2)}**`
  })
  await opened.close()
}

async function measureTracing(backend: string): Promise<void> {
  const opened = await (ALONE[backend] as () => Promise<Opened>)()
  const ours = oursOf(opened.storage)
  const ratios: number[] = []
  await table(`${backend}: ${opened.about}`, 'nobody listens → somebody does', async (workload, count) => {
    const { one, other, ratio } = await compareListening(ours[workload], count, rounds)
    ratios.push(ratio)
    return `${shown(one)} → ${shown(other)} = **${ratio.toFixed(3)}**`
  })
  print(`\nThe median of these ratios: **${median(ratios).toFixed(3)}**`)
  await opened.close()
}

async function measureGrowth(backend: string): Promise<void> {
  const opened = await (ALONE[backend] as () => Promise<Opened>)()
  print(`\n## ${backend}: ${opened.about}\n`)
  print('| calls a second | in a small store | in a large one | ratio |\n| --- | --- | --- | --- |')
  await growth(opened.other, opened.storage, rounds, (what, { one, other, ratio }) =>
    print(`| ${what} | ${shown(one)} | ${shown(other)} | **${ratio.toFixed(2)}** |`),
  )
  await opened.close()
}

const measure = values.growth ? measureGrowth : values.tracing ? measureTracing : compareAll
for (const backend of named) await measure(backend as BackendName)

if (values.write) {
  const [title, name, option] = values.growth
    ? ['What a call costs beside many others', 'GROWTH', ' --growth']
    : values.tracing
      ? ['What it costs that somebody listens to the tracing channels', 'TRACING', ' --tracing']
      : ['What the backends take, beside code written by hand', 'RESULTS', '']
  const head = `# ${title}

Made by \`npm run bench --${option} --write\`: ${rounds} rounds, ${availableParallelism()} cores that the callers and the server share, Node ${process.versions.node}.
What is acknowledged is on the disk. Read the ratios; the rates are those of one machine.
`
  writeFileSync(new URL(`../${name}.md`, import.meta.url), `${head}${lines.join('\n')}\n`)
}
