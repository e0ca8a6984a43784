import { CAPABILITIES, type Health, explainMix } from '@dir/storage-core'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { type Finding, type Level, findingsOf } from '../findings.ts'
import type { Style } from '../terminal.ts'
import { printable } from '../terminal.ts'

const STYLES: Readonly<Record<Level, Style>> = { ok: 'green', warning: 'yellow', problem: 'red' }

/** Judges how a store is, and says what to do about it. */
export const doctor: Command = {
  usage: 'doctor',
  summary: 'how the store is, and what to do about it',
  details:
    'It changes nothing, but that numbers which a restore left behind what is stored are raised when it opens.',
  options: [],
  examples: ['doctor --store sqlite:./decisions.sqlite', 'doctor --store postgres://localhost/shop --json'],
  async run({ open, output }) {
    const { storage, label } = await open('use')
    const start = Date.now()
    const health = await storage.health()
    const askedAt = (start + Date.now()) / 2
    const found = backendsOf(health).flatMap((one) => {
      const findings = findingsOf(one, askedAt)
      return health.backend === 'mix'
        ? findings.map((finding) => ({ ...finding, subject: `${one.backend} ${finding.subject}` }))
        : findings
    })
    const can = health.ok ? [capabilities(storage.capabilities)] : []
    const findings: Finding[] = [...found, ...can, ...explainMix(storage).map(lost)]
    const isOk = findings.every(({ level }) => level !== 'problem')
    const width = Math.max(...findings.map(({ subject }) => subject.length))
    await output.document(
      { store: label, backend: health.backend, ok: isOk, findings, details: health.details },
      findings.flatMap(({ level, subject, text, advice }) => [
        `${output.paint(STYLES[level], level.padEnd(7))}  ${subject.padEnd(width)}  ${printable(text)}`,
        ...(advice === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  → ${advice}`]),
      ]),
    )
    return isOk ? EXIT.fine : EXIT.found
  },
}

/** A mix tells what each of its backends says by names such as `redis.mode`. */
function backendsOf(health: Health): readonly Health[] {
  if (health.backend !== 'mix') return [health]
  const by = new Map<string, Record<string, string | number | boolean>>()
  for (const [name, value] of Object.entries(health.details)) {
    const at = name.indexOf('.')
    const details = by.get(name.slice(0, at)) ?? {}
    by.set(name.slice(0, at), Object.assign(details, { [name.slice(at + 1)]: value }))
  }
  return [...by].map(([backend, { ok, ...details }]) => ({ backend, ok: ok === true, details }))
}

function capabilities(has: ReadonlySet<string>): Finding {
  const missing = CAPABILITIES.filter((one) => !has.has(one))
  const text = missing.length === 0 ? 'all' : `all but ${missing.join(', ')}`
  return { level: 'ok', subject: 'capabilities', text }
}

function lost({ protocols, lost: what, failure }: ReturnType<typeof explainMix>[number]): Finding {
  const subject = `mix of ${protocols.join(' and ')}`
  return {
    level: 'warning',
    subject,
    text: `${what}: ${failure}`,
    advice: 'Keep them in one backend where that matters.',
  }
}
