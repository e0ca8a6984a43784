import type { TransitionExport } from '@dir/storage-core'
import {
  type Implementation,
  type LifecycleReads,
  type LifecycleWrites,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { FlowDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import { followSome } from './flows.ts'
import { Wanted, load } from './load.ts'
import type { Draft, LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruning } from './prune.ts'
import { hostNow, isOlder } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'lifecycle_transitions'
const FLOWS = 'lifecycle_flows'

const itsStatus = (wanted: Wanted, dfid: string): void => {
  wanted.statusOf.add(dfid)
  wanted.log(NAME)
}

const statusOf = (state: LoadedState, dfid: string): string | null => state.statuses.get(dfid)?.status ?? null

const isStatus = (state: LoadedState, dfid: string, status: string | null): boolean =>
  statusOf(state, dfid) === status

function append(state: LoadedState, dfid: string, fromStatus: string | null, toStatus: string): void {
  const number = put(state, { dfid, fromStatus, toStatus, createdAt: hostNow() })
  state.statuses.set(dfid, { status: toStatus, number })
}

/** Appends a transition, and puts its flow where it leads. @returns its number. */
function put(state: LoadedState, transition: Draft<typeof NAME>): number {
  const { dfid, toStatus: status, createdAt: since } = transition
  const number = state.append(NAME, { ...transition, kept: true })
  state.update(FLOWS, dfid, { $set: { status, number, since } })
  return number
}

export const lifecycleWrites: SyncImplementation<LifecycleWrites, LoadedState> = {
  recordTransition: needing((wanted) => wanted.log(NAME), append),

  transition: needing(
    itsStatus,
    conditionalWrite(
      (state: LoadedState, dfid: string, fromStatus: string | null, _toStatus: string) =>
        isStatus(state, dfid, fromStatus),
      (state, dfid, fromStatus, toStatus) => {
        append(state, dfid, fromStatus, toStatus)
        return true
      },
      statusOf,
    ),
  ),

  pruneFlow: pruning(
    (wanted, dfid) => {
      wanted.document(FLOWS, dfid)
      wanted.recordsOf(NAME, dfid)
      wanted.log(NAME)
    },
    {
      isOver(state, dfid, before, status) {
        const flow = state.get(FLOWS, dfid)
        if (flow === null || flow.status !== status || !(flow.since < before)) return false
        // else an older version has moved it since then
        return flow.number === state.records.get(NAME, dfid)?.last
      },
      count: (state, dfid) => state.records.count(NAME, dfid),
      remove(state, dfid) {
        // nobody may have read in the log what goes, and write by it
        state.reserve(NAME)
        state.update('meta', 'transitions', { $max: { value: state.lasts.get(NAME) } })
        state.records.remove(NAME, dfid, state.now)
        state.remove(FLOWS, dfid)
      },
    },
  ),

  expectStatus: needing(
    itsStatus,
    conditionalWrite(
      isStatus,
      (state) => {
        // what was read in the log holds as long as nobody else appends to it
        state.reserve(NAME)
        return true
      },
      statusOf,
    ),
  ),
}

export const lifecycle: Implementation<LifecycleReads & Transfer<TransitionExport>, MongoContext> = {
  async getTransitions(context, dfid) {
    const found = await context
      .collection(NAME)
      .find(dfid === null ? { removedAt: null as never } : { dfid }, {
        ...context.options,
        projection: { _id: 0, eventId: 0, kept: 0 },
      })
      .sort({ _id: 1 })
      .toArray()
    return found.map(({ dfid: flow, fromStatus, toStatus, createdAt }) => {
      return { dfid: flow, fromStatus, toStatus, createdAt }
    })
  },

  async getCurrentStatus(context, dfid) {
    const latest = await context
      .collection(NAME)
      .findOne({ dfid }, { ...context.options, projection: { toStatus: 1 }, sort: { _id: -1 } })
    return latest?.toStatus ?? null
  },

  async flowsPage(context, { status, leastAgeMicros }, cursor) {
    // in a transaction that is joined, too: what is followed outside it would not be seen there, and wait for what it wrote
    while (await followSome(context));
    const match = status === null ? {} : { status }
    const fits = isOlder('$since', leastAgeMicros)
    const toItem = ({ _id: dfid, status: current, since }: FlowDocument) => ({ dfid, status: current, since })
    return exportPage(context, FLOWS, ['number'], cursor, toItem, { match, fits })
  },

  exportPage: (context, cursor) =>
    exportPage(
      context,
      NAME,
      ['_id'],
      cursor,
      ({ _id: _, eventId: __, kept: ___, removedAt, ...transition }) =>
        removedAt === undefined ? ({ type: 'transition', ...transition } as const) : null,
    ),

  async importPage(context, items) {
    const wanted = new Wanted(new Map())
    wanted.log(NAME)
    const state = await load(context, wanted)
    for (const { type: _, unfit: __, ...transition } of items) put(state, transition)
    await state.save(context, true)
    context.connection.lasts.clear()
  },
}
