import type { AnyBulkWriteOperation } from 'mongodb'
import type { FlowDocument } from './documents.ts'
import type { MongoContext } from './mongo-context.ts'

// Each flow has a document of its last transition, written with it. Transitions that an older version of this package wrote, or
// still writes, lack `kept`: they are followed in the order of their numbers, and `meta` has up to which one.

const PAGE = 1_000

/** Follows some transitions that no document of a flow was written with. @returns whether there may be more. */
export async function followSome(context: MongoContext): Promise<boolean> {
  const meta = context.collection('meta')
  const after = (await meta.findOne({ _id: 'flows' }, context.options))?.value ?? 0
  const page = await context
    .collection('lifecycle_transitions')
    .find({ kept: null, _id: { $gt: after } } as object, context.options)
    .sort({ _id: 1 })
    .limit(PAGE)
    .toArray()
  const last = page.at(-1)?._id
  if (last === undefined) return false
  const flows = new Map(
    page.map(({ dfid, _id: number, toStatus: status, createdAt: since }) => {
      return [dfid, { _id: dfid, status, number, since }] as const
    }),
  )
  await context.untyped('lifecycle_flows').bulkWrite(Array.from(flows.values(), unlessLater), context.options)
  await forgetPruned(context, [...flows.values()])
  await meta.updateOne({ _id: 'flows' }, { $max: { value: last } }, { ...context.options, upsert: true })
  return true
}

/** Whoever knows a later transition of the flow has written it, or will. */
function unlessLater(flow: FlowDocument): AnyBulkWriteOperation {
  const later = { $cond: [{ $gt: ['$number', flow.number] }, '$$ROOT', { $literal: flow }] }
  return {
    updateOne: { filter: { _id: flow._id as never }, update: [{ $replaceWith: later }], upsert: true },
  }
}

/** What was pruned between the reading and the writing is not there again. */
async function forgetPruned(context: MongoContext, flows: readonly FlowDocument[]): Promise<void> {
  const numbers = flows.map(({ number }) => number)
  const left = await context
    .collection('lifecycle_transitions')
    .find({ _id: { $in: numbers }, kept: null } as object, { ...context.options, projection: { _id: 1 } })
    .toArray()
  const there = new Set(left.map(({ _id }) => _id))
  for (const { _id, number } of flows)
    if (!there.has(number))
      await context.collection('lifecycle_flows').deleteOne({ _id, number }, context.options)
}
