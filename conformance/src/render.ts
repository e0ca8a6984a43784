import { type Report, closingLine } from './report.ts'
import { LEVELS } from './scenario.ts'
import { SIDE, type ScenarioResult } from './verdict.ts'

/** `atomic for agentRegistry`, `none`, …: what was reached, as one reads it. */
export function levelText({ level, labels, backend, filtered, preflight }: Report): string {
  if (preflight.length > 0) return 'not measured: the backend module cannot be measured'
  if (filtered) return 'none (only some scenarios were asked for)'
  if (level === null) return 'none'
  const part = backend.protocols === 'all' ? '' : ` for ${backend.protocols.join(', ')}`
  return [level + part, ...labels].join(' + ')
}

/** How to run one scenario alone again. */
export function replayCommand(module: string, seed: number, id: string): string {
  return `dir-storage-conformance ${module} --only ${id} --seed ${seed}`
}

/** A result that is not a pass, in full. */
export function describeResult(one: ScenarioResult, replay: string): string {
  if (one.optional === true) return `not run: ${one.id} — ${one.message}`
  return [
    `${one.verdict}: ${one.id} — ${one.title}`,
    `  clause:   ${one.clause} (level ${one.level})`,
    ...(one.where === undefined ? [] : [`  at:       @dir/storage-conformance/${one.where}`]),
    ...(one.message ?? '').split('\n').map((line) => `  ${line}`),
    `  again:    ${replay}`,
  ].join('\n')
}

/** The report for people; the JSON holds the same. */
export function renderMarkdown(report: Report, module: string): string {
  const { backend, environment, suite, seed, results } = report
  const rows = LEVELS.map((level) => {
    const there = results.filter((one) => one.level === level)
    const of = (side: string) => there.filter(({ verdict }) => SIDE[verdict] === side).length
    return `| ${level} | ${of('passed')} | ${of('failed')} | ${of('skipped')} |`
  })
  const unclaimed = Object.entries(backend.claims).filter(([, claim]) => claim !== true)
  const refused = new Set<string>(report.refused)
  const reasons = (wanted: boolean): string[] =>
    unclaimed
      .filter(([name]) => refused.has(name) === wanted)
      .map(([name, reason]) => `- ${name}: ${String(reason)}`)
  const notable = [...report.preflight, ...results].filter(
    ({ verdict }) => verdict !== 'pass' && verdict !== 'unsupported',
  )
  return [
    `# ${backend.name} ${backend.version}: ${levelText(report)}`,
    '',
    `Measured with the DIR storage conformance suite ${suite.version} (catalogue ${suite.catalogue}) on ${environment.os}, ` +
      `Node ${environment.node}, ${environment.cpus} cores, on ${report.startedAt.slice(0, 10)}, seed ${seed}. ` +
      'A reproducible measurement, not a certificate.',
    '',
    '| level | passed | failed | skipped |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...section(
      'The backend says',
      Object.entries(backend.facts).map(([name, value]) => `- ${name}: ${value}`),
    ),
    ...section('Not claimed, and seen to be refused', reasons(true)),
    ...section('Not claimed, and not asked for', reasons(false)),
    ...section(
      'Not passed',
      notable.map((one) => `\`\`\`text\n${describeResult(one, replayCommand(module, seed, one.id))}\n\`\`\``),
    ),
    closingLine(report),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines, '']
}
