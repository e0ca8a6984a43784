import type { JoinedStorage, StorageHandle } from '@dir/storage-core'
import type { ApplicationTransaction, Backend } from '../backend.ts'
import type { Elsewhere } from './mutant.ts'
import { type Changes, changed, over } from './over.ts'

type Changing = (inside: JoinedStorage, client: object, sound: StorageHandle) => Changes

/** Changes what `within` answers, and how transactions end. */
export function joining(
  change: Changing,
  ends: (transaction: ApplicationTransaction) => Partial<ApplicationTransaction> = () => ({}),
): (backend: Backend) => Backend {
  const handles = over((sound) => ({
    within: (client) => {
      const inside = sound.within(client)
      return changed(inside, change(inside, client, sound))
    },
  }))
  return (backend) => ({ ...handles(backend), ...opening(backend, ends) })
}

function opening(
  backend: Backend,
  ends: (transaction: ApplicationTransaction) => Partial<ApplicationTransaction>,
): Pick<Backend, 'openTransaction'> {
  return {
    async openTransaction(namespace) {
      const transaction = await backend.openTransaction?.(namespace)
      if (transaction === undefined) throw new TypeError('The sound backend opens no transactions.')
      return { ...transaction, ...ends(transaction) }
    },
  }
}

/** Transactions that are none: what is called within them is kept, and `commit` does it. */
export function postponing(
  postpone: (sound: StorageHandle, atCommit: (() => Promise<unknown>)[]) => Changes,
): (backend: Backend) => Backend {
  const postponed = new WeakMap<object, (() => Promise<unknown>)[]>()
  const handles = over((sound) => ({
    within: (client) => changed<JoinedStorage>(sound, postpone(sound, postponed.get(client) ?? [])),
  }))
  return (backend) => ({
    ...handles(backend),
    async openTransaction() {
      const atCommit: (() => Promise<unknown>)[] = []
      const client = {}
      postponed.set(client, atCommit)
      return {
        client,
        async commit() {
          for (const act of atCommit) await act().catch(() => {})
        },
        rollback: async () => {},
        close: async () => {},
      }
    },
  })
}

/** Runs `act` within a transaction, and ends it. */
export async function inOne<T>(
  storage: StorageHandle,
  { openTransaction }: Elsewhere,
  end: 'commit' | 'rollback' | 'by itself',
  act: (inside: JoinedStorage, transaction: ApplicationTransaction) => Promise<T>,
): Promise<T> {
  await storage.init()
  const transaction = await openTransaction()
  try {
    const answer = await act(storage.within(transaction.client), transaction)
    if (end !== 'by itself') await transaction[end]()
    return answer
  } finally {
    await transaction.close()
  }
}
