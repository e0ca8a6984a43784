// npm run bench -- [BACKEND…] [--callers 1,64,512] [--rounds N] [--write]: how many acknowledged calls a second each
// backend takes from its package, beside code written by hand on the same driver that does the same and is as durable.
// With --growth: what a call costs beside 10 000 others of its kind, and beside ten. Both sides take turns in one run; a
// ratio is the median of the rounds' ratios. --write replaces bench/RESULTS.md, or bench/GROWTH.md.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ALONE, BACKENDS, type BackendName, type Opened } from './backends.ts'
import { compare } from './compare.ts'
import { growth } from './growth.ts'
import { WORKLOADS, oursOf } from './workloads.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    callers: { type: 'string', default: '1,64,512' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    growth: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const callers = values.callers.split(',').map(Number)
const rounds = Number(values.rounds)
const known = Object.keys(values.growth ? ALONE : BACKENDS)
const named = positionals.length === 0 ? known : positionals
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

async function compareAll(backend: BackendName): Promise<void> {
  const opened = await BACKENDS[backend]()
  const { byHand, storage, about } = opened
  const ours = oursOf(storage)
  print(`\n## ${backend}: ${about}\n`)
  print(`| calls a second: by hand → ours = ratio | ${callers.map((one) => `${one} at once`).join(' | ')} |`)
  print(`| --- | ${callers.map(() => '---').join(' | ')} |`)
  for (const workload of WORKLOADS.filter((one) => values.only === undefined || values.only === one)) {
    const cells: string[] = []
    for (const count of callers) {
      const found = await compare(byHand[workload], ours[workload], count, { rounds, milliseconds: 400 })
      cells.push(`${shown(found.byHand)} → ${shown(found.ours)} = **${found.ratio.toFixed(2)}**`)
    }
    print(`| ${workload} | ${cells.join(' | ')} |`)
  }
  await opened.close()
}

async function measureGrowth(backend: string): Promise<void> {
  const opened = await (ALONE[backend] as () => Promise<Opened>)()
  const { storage, about } = opened
  print(`\n## ${backend}: ${about}\n`)
  print('| calls a second | beside 10 | beside 10 000 | ratio |\n| --- | --- | --- | --- |')
  await growth(storage, rounds, print)
  await opened.close()
}

for (const backend of named)
  await (values.growth ? measureGrowth(backend) : compareAll(backend as BackendName))

if (values.write) {
  const [title, name] = values.growth
    ? ['What a call costs beside many others', 'GROWTH']
    : ['What the backends take, beside code written by hand', 'RESULTS']
  const head = `# ${title}

Made by \`npm run bench --${values.growth ? ' --growth' : ''} --write\`: ${rounds} rounds, ${availableParallelism()} cores that the callers and the server share, Node ${process.versions.node}.
What is acknowledged is on the disk. Read the ratios; the rates are those of one machine.
`
  writeFileSync(new URL(`../${name}.md`, import.meta.url), `${head}${lines.join('\n')}\n`)
}
