import type { Claim } from '@dir/storage-core'
import { type Subject, pick, subject } from './subject.ts'

interface Effect {
  readonly token: string | null
  readonly result: string | null
}

interface Input {
  readonly call: 'claim' | 'renew' | 'complete' | 'abandon' | 'get'
  readonly token: string
  readonly writes: string
}

/** Who may run an effect: claims, and their renewals and ends with the right token, with an old one, with somebody else's. */
export const claim: Subject = subject<Effect, Input>({
  name: 'claim',
  title: 'a claim is given to one client at a time, and only its token renews and ends it',
  protocol: 'idempotency',
  capabilities: ['claim'],
  initial: { token: null, result: null },
  draw(random, client, answers, all) {
    const [own, others] = [tokensIn(answers), tokensIn(all)]
    const latest = random() < 0.5 ? own.at(-1) : others.at(-1)
    const token = (random() < 0.8 ? latest : pick(random, own)) ?? 'token none'
    const end = random() < 0.05 ? 'complete' : 'abandon'
    const call = pick(random, ['claim', 'claim', 'claim', end, end, 'renew', 'renew', 'get'] as const)
    return { call, token, writes: `${client}.${answers.length}` }
  },
  async perform({ idempotency }, id, { call, token, writes }) {
    const given = token.slice('token '.length)
    if (call === 'renew') return idempotency.renewClaim(id, given, 3600)
    if (call === 'complete') return idempotency.complete(id, given, { by: writes })
    if (call === 'abandon') return idempotency.abandon(id, given)
    if (call === 'get') return `result ${textOf((await idempotency.get(id))?.['by'])}`
    const answer: Claim = await idempotency.claim(id, { leaseSec: 3600 })
    if (answer.state === 'started') return `token ${answer.token}`
    return answer.state === 'replay' ? `result ${textOf(answer.result['by'])}` : answer.state
  },
  step(effect, { input: { call, token, writes }, output }) {
    const unknown = output === undefined
    const result = `result ${effect.result ?? ''}`
    if (call === 'get') return unknown || output === result ? effect : undefined
    if (call === 'claim') {
      if (effect.result !== null) return unknown || output === result ? effect : undefined
      if (effect.token !== null) return unknown || output === 'inFlight' ? effect : undefined
      const started = unknown || (typeof output === 'string' && output.startsWith('token '))
      return started ? { token: unknown ? 'token unknown' : output, result: null } : undefined
    }
    const current = effect.token === token
    if (!unknown && output !== current) return undefined
    if (!current || call === 'renew') return effect
    return { token: null, result: call === 'complete' ? writes : effect.result }
  },
  key: ({ token, result }) => `${token} ${result}`,
})

function tokensIn(answers: readonly unknown[]): string[] {
  return answers.map(textOf).filter((answer) => answer.startsWith('token '))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
