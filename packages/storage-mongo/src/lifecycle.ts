import type { TransitionExport } from '@dir/storage-core'
import {
  type Implementation,
  type LifecycleReads,
  type LifecycleWrites,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { exportPage } from './export-page.ts'
import { Wanted, load } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { hostNow } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'lifecycle_transitions'

const itsStatus = (wanted: Wanted, dfid: string): void => {
  wanted.statusOf.add(dfid)
  wanted.log(NAME)
}

const isStatus = (state: LoadedState, dfid: string, status: string | null): boolean =>
  (state.statuses.get(dfid) ?? null) === status

function append(state: LoadedState, dfid: string, fromStatus: string | null, toStatus: string): void {
  state.append(NAME, { dfid, fromStatus, toStatus, createdAt: hostNow() })
  state.statuses.set(dfid, toStatus)
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
    ),
  ),

  expectStatus: needing(
    itsStatus,
    conditionalWrite(isStatus, (state) => {
      // what was read in the log holds as long as nobody else appends to it
      state.reserve(NAME)
      return true
    }),
  ),
}

export const lifecycle: Implementation<LifecycleReads & Transfer<TransitionExport>, MongoContext> = {
  async getTransitions(context, dfid) {
    const found = await context
      .collection(NAME)
      .find(dfid === null ? {} : { dfid }, { ...context.options, projection: { _id: 0, eventId: 0 } })
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

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id: _, eventId: __, ...transition }) => {
      return { type: 'transition', ...transition }
    }),

  async importPage(context, items) {
    const wanted = new Wanted(new Map())
    wanted.log(NAME)
    const state = await load(context, wanted)
    for (const { type: _, unfit: __, ...transition } of items) state.append(NAME, transition)
    await state.save(context, true)
    context.connection.lasts.clear()
  },
}
