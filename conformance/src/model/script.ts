import type { ModelCall } from './batch.ts'
import { Ref } from './method.ts'
import type { Step } from './program.ts'

/** The program as a script that can be run by itself, `storage` and `other` being two handles of one namespace. */
export function script(steps: readonly Step[]): string {
  return steps.map((step) => `    ${line(step)}`).join('\n')
}

function line(step: Step): string {
  const handle = step.handle === 0 ? 'storage' : 'other'
  if (step.do === 'init') return `await ${handle}.init()`
  if (step.do === 'reopen') return `await ${handle}.close() // and open it again`
  if (step.do === 'export') return `await Array.fromAsync(${handle}.exportRecords())`
  if (step.do === 'batch') {
    const calls = step.calls.map((one) => written('batch', one)).join(', ')
    return `await ${handle}.atomically((batch) => { ${calls} })`
  }
  const call = written(handle, step)
  return /^(events$|list(?!Active))/.test(step.call.name) ? `await Array.fromAsync(${call})` : `await ${call}`
}

function written(on: string, { call, args }: ModelCall): string {
  const texts = args.map((one) =>
    JSON.stringify(one, (_, member: unknown) =>
      member instanceof Ref ? `<${member.kind}, ${member.back} before the last>` : member,
    ),
  )
  const at = call.name.startsWith('expect') ? on : `${on}.${call.protocol}`
  return `${at}.${call.name}(${texts.join(', ')})`
}
