import { ResourceContentionError } from '@dir/storage-core'
import { pause } from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { busy } from './errors.ts'
import { commitOutcome, isBusy } from './result-codes.ts'

/** Runs the act, again and again while other connections are in its way; other work goes on meanwhile. */
export async function untilFree<T>(deadline: number, act: () => T): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return act()
    } catch (error) {
      if (!isBusy(error)) throw error
    }
    if (performance.now() >= deadline) throw new ResourceContentionError(attempt)
    await pause(attempt, 8)
  }
}

/** `untilFree`, for what reads through a connection. */
export async function whenFree<T>(db: SqliteConnection, deadline: number, act: () => T): Promise<T> {
  try {
    return await untilFree(deadline, () => {
      if (db.isCommitting) throw busy()
      db.beforeRead()
      return act()
    })
  } catch (error) {
    throw db.translate(error)
  }
}

/** What the act does is committed, or undone where it throws. It runs once for each time that it could begin. */
export async function transaction<T>(db: SqliteConnection, deadline: number, act: () => T): Promise<T> {
  const answer = await whenFree(db, deadline, () => {
    db.begin()
    try {
      return act()
    } catch (error) {
      db.rollback()
      throw error
    }
  })
  for (let attempt = 1; ; attempt++) {
    try {
      if (db.commit()) return answer
    } catch (error) {
      throw db.translate(error, commitOutcome(error))
    }
    if (performance.now() >= deadline) {
      db.rollback()
      throw new ResourceContentionError(attempt)
    }
    await pause(attempt, 8)
  }
}
