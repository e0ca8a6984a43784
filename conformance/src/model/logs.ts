import { dumpsJsonDict, loadsJson } from '@dir/storage-core'
import fc from 'fast-check'
import { Hole } from './expected.ts'
import { ID, type Method, OBJECT, type Ref, TEXT, method, nullable, ref, validId } from './method.ts'
import { type ModelEvent, type ModelState, type ModelTransition, stamp } from './state.ts'

const SOME_ID = ID.filter(validId)

const toEvent = (event: ModelEvent, index: number): unknown => {
  return { seq: new Hole('seq', index), ...event, details: loadsJson(event.detailsJson) }
}

function recorded(
  state: ModelState,
  dfid: string,
  event: string,
  details: Readonly<Record<string, unknown>>,
): Hole {
  const detailsJson = dumpsJsonDict((details['details'] ?? {}) as object)
  const {
    stepId = '',
    state: at = '',
    agentId = null,
  } = details as {
    stepId?: string
    state?: string
    agentId?: string
  }
  const one = { dfid, event, stepId, state: at, agentId, detailsJson, timestamp: stamp(state) }
  return new Hole('seq', state.events.push(one) - 1)
}

const DETAILS = fc.record(
  { stepId: TEXT, state: TEXT, agentId: SOME_ID, details: nullable(OBJECT) },
  { requiredKeys: [] },
)
const EVENT = fc.record(
  { dfid: SOME_ID, event: TEXT, stepId: TEXT, state: TEXT, agentId: SOME_ID, details: nullable(OBJECT) },
  { requiredKeys: ['dfid', 'event'] },
)

const decisionAudit: readonly Method[] = [
  method('decisionAudit', 'record', null, ['dfid'], [ID, TEXT, DETAILS], recorded),
  method(
    'decisionAudit',
    'recordMany',
    'recordMany',
    [],
    [fc.array(EVENT, { maxLength: 4 })],
    (state, events) => events.map((one) => recorded(state, one.dfid, one.event, one)),
  ),
  method('decisionAudit', 'eventsForDfid', null, ['dfid'], [ID], ({ events }, dfid) =>
    events.flatMap((one, index) => (one.dfid === dfid ? [toEvent(one, index)] : [])),
  ),
  method('decisionAudit', 'allEventsChronological', null, [], [], ({ events }) => events.map(toEvent)),
  method(
    'decisionAudit',
    'events',
    'eventCursor',
    [],
    [
      fc.record(
        {
          dfid: SOME_ID,
          afterSeq: ref('seq') as fc.Arbitrary<Ref | number>,
          event: TEXT,
          agentId: SOME_ID,
          limit: fc.nat(3),
        },
        { requiredKeys: [] },
      ),
    ],
    ({ events }, { dfid, afterSeq = -1, event, agentId, limit }) =>
      events
        .flatMap((one, index) => {
          const wanted =
            (dfid ?? one.dfid) === one.dfid &&
            (event ?? one.event) === one.event &&
            (agentId ?? one.agentId) === one.agentId
          return wanted && index > Number(afterSeq) ? [toEvent(one, index)] : []
        })
        .slice(0, limit),
  ),
]

export const statusOf = ({ transitions }: ModelState, dfid: string): string | null =>
  transitions.findLast((one) => one.dfid === dfid)?.to ?? null

const toTransition = ({ dfid, from, to, createdAt }: ModelTransition): object => {
  return { dfid, fromStatus: from, toStatus: to, createdAt }
}

function moved(state: ModelState, dfid: string, from: string | null, to: string): void {
  state.transitions.push({ dfid, from, to, createdAt: stamp(state) })
}

const FLOW_FILTER: fc.Arbitrary<{ status?: string }> = fc.option(fc.record({ status: TEXT }), { nil: {} })

function listed({ transitions }: ModelState, { status }: { status?: string }): object[] {
  const last = new Map(transitions.map((one, index) => [one.dfid, index]))
  return transitions
    .filter(({ dfid, to }, index) => last.get(dfid) === index && (status ?? to) === to)
    .map(({ dfid, to, createdAt }) => ({ dfid, status: to, since: createdAt }))
}

const lifecycle: readonly Method[] = [
  method('lifecycle', 'recordTransition', null, ['dfid'], [ID, nullable(TEXT), TEXT], moved),
  method('lifecycle', 'getTransitions', null, ['dfid'], [ID], ({ transitions }, dfid) =>
    transitions.filter((one) => one.dfid === dfid).map(toTransition),
  ),
  method('lifecycle', 'getTransitions', null, [], [], ({ transitions }) => transitions.map(toTransition)),
  method('lifecycle', 'listFlows', null, [], [FLOW_FILTER], listed),
  method('lifecycle', 'getCurrentStatus', null, ['dfid'], [ID], statusOf),
  method(
    'lifecycle',
    'transition',
    'transition',
    ['dfid'],
    [ID, nullable(TEXT), TEXT],
    (state, dfid, from, to) => {
      if (statusOf(state, dfid) !== from) return false
      moved(state, dfid, from, to)
      return true
    },
  ),
]

export const LOGS: readonly Method[] = [...decisionAudit, ...lifecycle]
