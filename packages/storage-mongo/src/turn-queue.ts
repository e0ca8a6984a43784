import type { Document } from 'mongodb'
import type { Connection } from './connection.ts'
import { newId } from './ids.ts'
import type { MongoContext } from './mongo-context.ts'

/** All who wait have had their turns after so long, unless they are so many that these would be too short. */
const ROUND_MS = 200
const LEAST_MS = 20
/** Of a handle that is not heard of for so long, nobody takes notice any more: its process has died, or stands still. */
const GRACE_MS = 1_000
/** Nobody has a place for so long: the clock was another one, before another server became the primary. */
const MOST_MS = 60_000

const TURN = { _id: 'turn' } as const
/** A turn that is lost is given to somebody else, sooner or later. */
const CONCERN = { writeConcern: { w: 1 } } as const

export interface Standing {
  /** 0: it is this handle's turn. */
  readonly index: number
  /** How long the turn of the first lasts yet. It may end earlier, or with a commit that was begun in it. */
  readonly leftMs: number
  readonly isAlone: boolean
}

/** Who has the turn in a namespace, and who is next: one document, which no transaction writes. */
export class TurnQueue {
  readonly #connection: Connection
  readonly #me = newId()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Tells that this handle waits, or still does; `atEnd`: where it had a place, it gives that up for the last one. */
  async wait(context: MongoContext, atEnd: boolean): Promise<Standing> {
    await this.#connection.present(context)
    const found = await context.collection('meta').findOneAndUpdate(TURN, this.#waiting(atEnd), {
      ...context.options,
      ...CONCERN,
      upsert: true,
      returnDocument: 'after',
    })
    const queue = found?.queue ?? []
    return {
      index: queue.findIndex(({ by }) => by === this.#me),
      leftMs: Number(queue[0]?.until) - Number(found?.at) - GRACE_MS,
      isAlone: queue.length === 1,
    }
  }

  async leave(context: MongoContext): Promise<void> {
    const change = { $pull: { queue: { by: this.#me } } } as const
    await context.collection('meta').updateOne(TURN, change, { ...context.options, ...CONCERN })
  }

  #waiting(atEnd: boolean): Document[] {
    const me = this.#me
    const isMe = { $eq: ['$$this.by', me] }
    const isThere = { $gt: ['$$this.until', '$$NOW'] }
    const isSane = { $lt: ['$$this.until', { $add: ['$$NOW', MOST_MS] }] }
    const cond = { $and: [isThere, isSane, ...(atEnd ? [{ $not: isMe }] : [])] }
    const others = { $filter: { input: { $ifNull: ['$queue', []] }, cond } }
    const withMe = {
      $cond: [{ $in: [me, '$queue.by'] }, '$queue', { $concatArrays: ['$queue', [{ by: me }]] }],
    }
    const turnMs = { $max: [LEAST_MS, { $divide: [ROUND_MS, { $size: '$queue' }] }] }
    const isFirst = { $eq: [{ $first: '$queue.by' }, me] }
    const until = { $add: ['$$NOW', GRACE_MS, { $cond: [isFirst, turnMs, 0] }] }
    const renewed = { $map: { input: '$queue', in: { $cond: [isMe, { by: me, until }, '$$this'] } } }
    return [
      { $set: { queue: others, at: '$$NOW' } },
      { $set: { queue: withMe } },
      { $set: { queue: renewed } },
    ]
  }
}
