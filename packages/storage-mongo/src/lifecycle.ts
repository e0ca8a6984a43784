import { type Call, type Implementation, type LifecycleOperations, conditionalSteps } from '@dir/storage-core'
import type { Appender } from './append-queue.ts'
import type { MongoContext } from './mongo-context.ts'
import type { Draft } from './dense-log.ts'
import { exportPage } from './export-page.ts'
import { Conflict } from './late.ts'
import { newId } from './ids.ts'
import { hostNow } from './time.ts'

const NAME = 'lifecycle_transitions'

type TransitionDraft = Draft<typeof NAME>
type Transition = readonly [dfid: string, fromStatus: string | null, toStatus: string]

const drafted = ([dfid, fromStatus, toStatus]: Transition): TransitionDraft => {
  return { eventId: newId(), dfid, fromStatus, toStatus, createdAt: hostNow() }
}

/** The current statuses of flows that have one. */
async function statuses(context: MongoContext, dfids: readonly string[]): Promise<Map<string, string>> {
  if (dfids.length === 0) return new Map()
  const latest = await context
    .collection(NAME)
    .aggregate<{ _id: string; toStatus: string }>(
      [
        { $match: { dfid: { $in: [...new Set(dfids)] } } },
        { $sort: { dfid: -1, _id: -1 } },
        { $group: { _id: '$dfid', toStatus: { $first: '$toStatus' } } },
      ],
      context.options,
    )
    .toArray()
  return new Map(latest.map(({ _id, toStatus }) => [_id, toStatus]))
}

/** What `call` demands of its flow's status; undefined: nothing. */
function demanded({ operation, args }: Call): string | null | undefined {
  return operation === 'recordTransition' ? undefined : (args[1] as string | null)
}

/** Judges calls one after the other, each after the transitions of those before it. */
function judge(now: Map<string, string>, calls: readonly Call[]): boolean[] {
  return calls.map((call) => {
    const [dfid, , toStatus] = call.args as Transition
    const status = demanded(call)
    if (status !== undefined && (now.get(dfid) ?? null) !== status) return false
    if (call.operation !== 'expectStatus') now.set(dfid, toStatus)
    return true
  })
}

const judgedFlows = (calls: readonly Call[]): string[] =>
  calls.filter((call) => demanded(call) !== undefined).map((call) => call.args[0] as string)

export const lifecycleAppender: Appender<typeof NAME> = {
  draft: ({ work }) => work.calls.map((call) => drafted(call.args as unknown as Transition)),
  async admit(context, entries) {
    const calls = entries.flatMap(({ work }) => work.calls)
    return judge(await statuses(context, judgedFlows(calls)), calls)
  },
  answer: ({ work }, admitted) => (work.calls[0]?.operation === 'transition' ? admitted : undefined),
}

/**
 * Appends the transitions of a batch inside its transaction, as the last step but for the audit. The batch's
 * conditions held before it; here nobody else can append any more, and they must still hold.
 */
export async function appendInside(context: MongoContext, calls: readonly Call[]): Promise<void> {
  const transitions = calls.filter((call) => call.operation !== 'expectStatus')
  const drafts = transitions.map((call) => drafted(call.args as unknown as Transition))
  await context.connection.lifecycle.appendInside(context, drafts, async (outside) => {
    const flows = judgedFlows(calls)
    const [seen, now] = await Promise.all([statuses(context, flows), statuses(outside, flows)])
    if (flows.some((dfid) => seen.get(dfid) !== now.get(dfid))) throw new Conflict()
  })
}

async function getCurrentStatus(context: MongoContext, dfid: string): Promise<string | null> {
  return (await statuses(context, [dfid])).get(dfid) ?? null
}

const isStatus = async (context: MongoContext, dfid: string, status: string | null): Promise<boolean> =>
  (await getCurrentStatus(context, dfid)) === status

export const lifecycle: Implementation<LifecycleOperations, MongoContext> = {
  // alone these run in the queue, and in a batch they are appended together: `lifecycleAppender`, `appendInside`
  async recordTransition() {},
  transition: conditionalSteps(
    async (_context: MongoContext, _dfid: string, _from: string | null, _to: string): Promise<boolean> =>
      false,
    { judge: isStatus, enact: async () => true },
  ),
  expectStatus: conditionalSteps(isStatus, { judge: isStatus, enact: async () => true }),

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

  getCurrentStatus,

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id: _, eventId: __, ...transition }) => {
      return { type: 'transition', ...transition }
    }),

  async importPage(context, items) {
    context.connection.lifecycle.forget()
    const last = await context.connection.lifecycle.last(context)
    const drafts = items.map(({ type: _, unfit: __, ...rest }) => ({ eventId: newId(), ...rest }))
    await context.connection.lifecycle.insert(context, last, drafts)
  },
}
