import { InvalidArgumentError, isStorageError } from '@dir/storage-core'
import { type JoinedTransaction, settleBy } from '@dir/storage-core/adapter'
import type { ClientSession, Document, MongoClient } from 'mongodb'
import { checkClient } from './client.ts'
import { Connection } from './connection.ts'
import { look } from './driver-errors.ts'
import { Late } from './late.ts'
import { MongoContext, type OperationOptions } from './mongo-context.ts'
import { ask } from './operations.ts'
import { readyBy } from './transactions.ts'
import { writeInside } from './writes.ts'

const NO_SUCH_TRANSACTION = 251

/** Joins transactions of the application to one handle's store. */
export class Joins {
  readonly #connection: Connection
  /** What each of the application's clients is to the store, once it has been asked. */
  readonly #connections = new WeakMap<MongoClient, Promise<Connection>>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  join(client: object): JoinedTransaction {
    const session = sessionOf(client)
    return {
      read: (call) => this.#step(session, call.deadline, (context) => ask(context, call)),
      write: (work) =>
        this.#step(session, work.deadline, (context) => writeInside(context, work)).then((result) => {
          if ('error' in result) throw result.error
          return result.answers
        }),
    }
  }

  async #step<T>(
    session: ClientSession,
    deadline: number,
    act: (context: MongoContext) => Promise<T>,
  ): Promise<T> {
    requireOpen(session)
    const connection = await this.#connectionOf(clientOf(session), deadline)
    const start = performance.now()
    const ready = readyBy(deadline, start)
    const until = <A>(promise: Promise<A>): Promise<A> => settleBy(ready, promise, () => new Late())
    const abort = new AbortController()
    let isBegun = false
    try {
      const { signal } = abort
      await until(connection.present(new MongoContext(connection, ready, signal)))
      await until(connection.sessions.register(session))
      isBegun = true
      return await connection.watched(until(act(new JoinedContext(connection, ready, signal, session))))
    } catch (error) {
      abort.abort()
      const isOver = !isBegun || isStorageError(error) || (await isEnded(connection, session, deadline))
      throw connection.failure(error, start, isOver ? 'not-applied' : 'unknown').toError()
    }
  }

  #connectionOf(client: MongoClient, deadline: number): Promise<Connection> {
    const ours = this.#connection
    if (client === ours.client) return Promise.resolve(ours)
    const known = this.#connections.get(client) ?? this.#connect(checkClient(client), deadline)
    this.#connections.set(client, known)
    known.catch(() => this.#connections.delete(client))
    return known
  }

  async #connect(client: MongoClient, deadline: number): Promise<Connection> {
    const { db, namespace } = this.#connection
    const theirs = new Connection({ client, database: db.databaseName, namespace })
    const [one, other] = await Promise.all(
      [this.#connection, theirs].map((at) => at.run(deadline, 'not-applied', () => at.ask({ hello: 1 }))),
    )
    if (one === undefined || other === undefined || !isSameSet(one, other))
      throw new InvalidArgumentError('client', 'is connected to other servers than this handle')
    theirs.reach.found(other['msg'] === 'isdbgrid')
    return theirs
  }
}

/** Who commits before a call is answered must not have the rest of it done outside the transaction. */
class JoinedContext extends MongoContext {
  override get options(): OperationOptions {
    if (this.session !== undefined) requireOpen(this.session)
    return super.options
  }
}

function requireOpen(session: ClientSession): void {
  if (session.hasEnded) throw new InvalidArgumentError('client', 'has ended')
  if (!session.inTransaction())
    throw new InvalidArgumentError('client', 'has no open transaction: call startTransaction() before')
}

/**
 * Has the server end the transaction, if it has not done so by itself: of a call that failed it may have a part, which
 * must not be committed. The driver is not told, so that what its owner sends after that is refused, and not carried out
 * by itself.
 */
async function isEnded(connection: Connection, session: ClientSession, deadline: number): Promise<boolean> {
  const end = connection.admin.command({ abortTransaction: 1 }, { session }).then(
    () => true,
    (error: unknown) => look(error).code === NO_SUCH_TRANSACTION,
  )
  return settleBy(deadline, end, () => new Late()).catch(() => false)
}

/** Routers do not say of which cluster they are. */
function isSameSet(one: Document, other: Document): boolean {
  if (one['setName'] === undefined) return one['msg'] === other['msg']
  const members = ({ hosts, passives = [] }: Document): unknown[] => [hosts, passives].flat()
  return one['setName'] === other['setName'] && members(one).some((host) => members(other).includes(host))
}

/** By what it can do: it may come from another copy of the driver. */
function sessionOf(client: object): ClientSession {
  const { inTransaction, commitTransaction } = client as Partial<ClientSession>
  if (typeof inTransaction !== 'function' || typeof commitTransaction !== 'function')
    throw new InvalidArgumentError('client', 'must be a ClientSession of the mongodb package')
  checkClient(clientOf(client))
  return client as ClientSession
}

/** The driver's types do not show it. */
function clientOf(session: object): MongoClient {
  return Reflect.get(session, 'client') as MongoClient
}
