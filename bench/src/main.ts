// npm run bench -- [BACKEND…] [--callers 1,64,512] [--rounds N] [--write]: how many acknowledged calls a second each
// backend takes from its package, beside code written by hand on the same driver that does the same and is as durable.
// Both sides take turns in one run; a ratio is the median of the rounds' ratios. --write replaces bench/RESULTS.md.
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { BACKENDS, type BackendName } from './backends.ts'
import { compare } from './compare.ts'
import { WORKLOADS, oursOf } from './workloads.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    callers: { type: 'string', default: '1,64,512' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const callers = values.callers.split(',').map(Number)
const rounds = Number(values.rounds)
const isBackend = (name: string): name is BackendName => Object.hasOwn(BACKENDS, name)
const named = positionals.length === 0 ? Object.keys(BACKENDS) : positionals
const backends = named.filter(isBackend)
if (backends.length < named.length || callers.some((one) => !(one >= 1)) || !(rounds >= 1)) {
  console.error(
    `bench: BACKEND is one of ${Object.keys(BACKENDS).join(', ')}; callers and rounds are numbers`,
  )
  process.exit(2)
}

const shown = (rate: number): string => Math.round(rate).toLocaleString('en')
const lines: string[] = []
const print = (line: string): void => {
  console.log(line)
  lines.push(line)
}

for (const backend of backends) {
  const measured = await BACKENDS[backend]()
  const { byHand, storage, about } = measured
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
  await measured.close()
}

if (values.write) {
  const head = `# What the backends take, beside code written by hand

Made by \`npm run bench -- --write\`: ${rounds} rounds, ${availableParallelism()} cores that the callers and the server share, Node ${process.versions.node}.
Both sides acknowledge only what is on the disk. Read the ratios; the rates are those of one machine.
`
  writeFileSync(new URL('../RESULTS.md', import.meta.url), `${head}${lines.join('\n')}\n`)
}
