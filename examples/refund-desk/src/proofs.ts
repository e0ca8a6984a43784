import type { AuditEvent, Hold, StoredRequest, Transition } from '@dir/storage-core'
import type { Database } from './database.ts'
import type { Payment, Payments } from './payments.ts'
import { CONTRACT, Refund, isOver } from './refund.ts'

/** Everything that a day left behind. */
export interface Left {
  readonly refunds: readonly Refund[]
  readonly events: readonly AuditEvent[]
  readonly transitions: readonly Transition[]
  readonly requests: readonly StoredRequest[]
  readonly holds: readonly Hold[]
  /** The ledger of the payment service. */
  readonly payments: readonly Payment[]
  /** How often that was asked to pay, by refund. */
  readonly asked: Readonly<Record<string, number>>
}

export async function readLeft({ storage, query }: Database, service: Payments): Promise<Left> {
  return {
    refunds: Refund.array().parse(await query('SELECT * FROM refunds ORDER BY id')),
    events: await Array.fromAsync(storage.decisionAudit.events()),
    transitions: await storage.lifecycle.getTransitions(),
    requests: await Array.fromAsync(storage.escalation.listRequests()),
    holds: await storage.resourceLock.getHolds(),
    payments: await service.all(),
    asked: await service.asked(),
  }
}

/** What must hold, and the ids for which it does not. */
export function prove(left: Left): ReadonlyMap<string, readonly string[]> {
  const { refunds, events, transitions, requests, holds, payments, asked } = left
  const [known, of] = [new Set(refunds.map(({ id }) => id)), Map.groupBy(events, ({ dfid }) => dfid)]
  const ids = (wrong: readonly Refund[]): string[] => wrong.map(({ id }) => id)
  const strangers = (all: readonly string[]): string[] => all.filter((id) => !known.has(id))
  const count = (id: string, event: string): number =>
    (of.get(id) ?? []).filter((one) => one.event === event).length

  const unpaid = refunds.filter(({ id, status, pence, payment_id }) => {
    const paid = payments.filter(({ reference }) => reference === id)
    if (status !== 'PAID') return paid.length > 0
    return paid.length !== 1 || paid[0]?.pence !== pence || paid[0].paymentId !== payment_id
  })
  const pestered = refunds.filter(({ id, status, declined }) => {
    return (asked[id] ?? 0) !== declined + (status === 'PAID' ? 1 : 0)
  })
  const untold = refunds.filter(({ id, status, seq, declined }) => {
    const told = (of.get(id) ?? []).findLast(({ state }) => state !== '')
    return told?.seq !== seq || told.event !== status || count(id, 'DECLINED') !== declined
  })
  const moved = refunds.filter(({ id }) => {
    const path = transitions.filter(({ dfid }) => dfid === id)
    const told = (of.get(id) ?? []).filter(({ state }) => state !== '').map(({ state }) => state)
    const isWhole = path.every(({ fromStatus }, index) => fromStatus === (path[index - 1]?.toStatus ?? null))
    return !isWhole || path.map(({ toStatus }) => toStatus).join() !== told.join()
  })
  const undecided = requests.filter(({ dfid, decision, resolvedBy }) => {
    const told = (of.get(dfid) ?? []).filter(({ details }) => details?.['resolvedBy'] !== undefined)
    return told.length !== 1 || told[0]?.event !== decision || told[0].details?.['resolvedBy'] !== resolvedBy
  })
  return new Map([
    ['every refund is over: paid or refused', ids(refunds.filter((one) => !isOver(one)))],
    [
      'each paid exactly once, and nothing else',
      [...ids(unpaid), ...strangers(payments.map(({ reference }) => reference))],
    ],
    ['the service was asked once for each try', ids(pestered)],
    ['no row without its event, no event without its row', [...ids(untold), ...strangers([...of.keys()])]],
    [
      'each step follows from the one before, and is told once',
      [...ids(moved), ...strangers(transitions.map(({ dfid }) => dfid))],
    ],
    ['who decided is known, and told', undecided.map(({ dfid }) => dfid)],
    ['never more cash in use than there is', overdrawn(events)],
    ['nothing is reserved at the end', holds.map(({ dfid }) => dfid)],
  ])
}

/** Replays what was reserved, in the order of the log. */
function overdrawn(events: readonly AuditEvent[]): string[] {
  const held = new Map<string, number>()
  return events.flatMap(({ dfid, state, details }) => {
    if (state === 'RESERVED') held.set(dfid, Number(details?.['pence']))
    else if (state !== '') held.delete(dfid)
    const sum = held.values().reduce((all, one) => all + one, 0)
    return sum > CONTRACT.cash ? [dfid] : []
  })
}
