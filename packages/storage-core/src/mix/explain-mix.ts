import { mixOwners } from './owners.ts'
import { DEFINITIONS, PROTOCOLS, type Protocol, type StorageBundle } from '../protocols/index.ts'

/** Something that a mix cannot promise. */
export interface LostGuarantee {
  readonly protocols: readonly Protocol[]
  /** What does not hold. */
  readonly lost: string
  /** What can go wrong because of it. */
  readonly failure: string
}

/** What a crash between two writes leaves, where the two protocols cannot commit together. */
const PAIRS: readonly (readonly [Protocol, Protocol, string])[] = [
  [
    'resourceLock',
    'decisionAudit',
    'capital is reserved or freed with no event that says so, and a replay of the log gives another sum',
  ],
  ['lifecycle', 'decisionAudit', 'a flow has moved on with no event that says why'],
  [
    'idempotency',
    'decisionAudit',
    'an effect counts as done with no event, or an event tells of one that will run again',
  ],
  ['escalation', 'decisionAudit', 'a human has decided with no event that says so'],
  ['saga', 'decisionAudit', 'a flow is marked as broken, or mended, with no event that says so'],
  ['intentRetry', 'decisionAudit', 'a rejection is counted with no event, or the reverse'],
  ['context', 'decisionAudit', 'the context that a decision saw differs from what its event says'],
  ['agentRegistry', 'decisionAudit', 'an agent is suspended or back with no event that says so'],
  [
    'idempotency',
    'resourceLock',
    'an effect counts as done while its capital stays reserved, or the reverse',
  ],
  ['lifecycle', 'resourceLock', 'a flow has ended while its capital stays reserved'],
  ['lifecycle', 'saga', 'a flow has failed with no mark for its compensation'],
]

/** What a mix cannot promise that one backend could, and the failure that follows. Empty for one backend. */
export function explainMix(bundle: StorageBundle): LostGuarantee[] {
  const owners = mixOwners(bundle)
  if (owners === undefined) return []
  const lost: LostGuarantee[] = []
  for (const [one, other, failure] of PAIRS) {
    if (owners[one] === owners[other] && owners[one] !== null) continue
    lost.push({
      protocols: [one, other],
      lost: `${one} and ${other} do not commit together`,
      failure: `after a crash between the two writes, ${failure}`,
    })
  }
  const elsewhere = PROTOCOLS.filter(
    (protocol) => DEFINITIONS[protocol].prunes !== undefined && owners[protocol] !== owners.lifecycle,
  )
  if (elsewhere.length > 0)
    lost.push({
      protocols: ['lifecycle', ...elsewhere],
      lost: 'an old flow is not pruned in one step',
      failure:
        'after a crash in between, what another backend than that of its status has of the flow stays for ever',
    })
  const without = (capability: 'durable' | 'processes'): Protocol[] =>
    PROTOCOLS.filter((protocol) => owners[protocol]?.capabilities.has(capability) === false)
  const [fleeting, local] = [without('durable'), without('processes')]
  if (fleeting.length > 0)
    lost.push({
      protocols: fleeting,
      lost: 'not durable',
      failure: 'what they hold is gone when the process ends',
    })
  if (local.length > 0)
    lost.push({
      protocols: local,
      lost: 'seen by one process only',
      failure:
        'a second process starts from nothing, and both may grant the same capital or run the same effect',
    })
  return lost
}
