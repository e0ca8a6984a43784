import type { BackendName } from './store.ts'

/** The backends whose transactions an application can have open. */
export const WITH_TRANSACTIONS = ['sqlite', 'postgres', 'mongo'] as const satisfies readonly BackendName[]

export type Transactional = (typeof WITH_TRANSACTIONS)[number]

/** A transaction of the application. */
export interface Open {
  /** What `within` takes. */
  readonly client: object
  /** Inserts an order. */
  order(id: string): Promise<unknown>
}

/** An application that keeps orders of its own in the database in which a store lies. */
export interface Orders {
  /** Makes the place for orders, once; the store is there. */
  create(): Promise<unknown>
  /**
   * Carries `act` out in a transaction, the `n`-th of this process: commits where it answers true, else rolls back. Where
   * it throws, it rolls back and rejects.
   */
  transact(n: number, act: (open: Open) => Promise<boolean>): Promise<void>
  /** Whether others were in the way of the application's own statements, or of its commit, which did not happen. */
  isContention(error: unknown): boolean
  list(): Promise<string[]>
  close(): Promise<unknown>
}

/** The application of a backend, by the library that stands beside it. */
export async function openOrders(name: Transactional, namespace: string): Promise<Orders> {
  const module = new URL(`../../packages/storage-${name}/test/orders.ts`, import.meta.url).href
  const { ordersOf } = (await import(module)) as { ordersOf: (namespace: string) => Orders }
  return ordersOf(namespace)
}
