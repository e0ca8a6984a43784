import { type Subject, pick, same, subject } from './subject.ts'

/** What `getRequest` shows of a request that was opened with `asked`. */
interface Request {
  readonly asked: string
  readonly by: string | null
}

interface Input {
  readonly call: 'open' | 'resolve' | 'get'
  readonly writes: string
}

/** Who decides a request that others open again: a decision with its human, and a proposal that goes with both. */
export const decision: Subject = subject<Request | null, Input>({
  name: 'decision',
  title: 'a request that is opened, decided and read by several clients is always one of them whole',
  protocol: 'escalation',
  capabilities: [],
  initial: null,
  draw: (random, client, { length }) => ({
    call: pick(random, ['open', 'resolve', 'resolve', 'get', 'get', 'get']),
    writes: `${client}.${length}`,
  }),
  async perform({ escalation }, id, { call, writes }) {
    const json = `"${writes}"`
    if (call === 'open') {
      const texts = { reason: writes, contextJson: json, proposalJson: json, impact: writes }
      return escalation.insertRequest({ dfid: id, agentId: id, ...texts }).then(() => 'opened')
    }
    if (call === 'resolve')
      return escalation.resolveRequest(id, '2026-03-01', writes, json, { resolvedBy: writes })
    const request = await escalation.getRequest(id)
    if (request === null) return null
    const { reason, context, impact, status, proposal, decision: decided, resolvedBy } = request
    return [reason, context, impact, status, proposal, decided, resolvedBy]
  },
  step(request, { input: { call, writes }, output }) {
    if (call === 'open') return { asked: writes, by: null }
    if (call === 'resolve') {
      const applies = request !== null && request.by === null
      if (output !== undefined && output !== applies) return undefined
      return applies ? { ...request, by: writes } : request
    }
    return output === undefined || same(output, shown(request)) ? request : undefined
  },
  key: (request) => JSON.stringify(request),
})

function shown(request: Request | null): unknown {
  if (request === null) return null
  const { asked, by } = request
  return by === null
    ? [asked, asked, asked, 'PENDING', asked, null, null]
    : [asked, asked, asked, 'RESOLVED', by, by, by]
}
