import type { FlowStatus, Transition } from '@dir/storage-core'
import { InOrder } from './in-order.ts'
import { Table } from './table.ts'

/** Where each flow stands, in the order in which they got there: all flows, and those in one status. */
export class Flows {
  readonly #all = new InOrder<FlowStatus>()
  readonly #byStatus = new Table<InOrder<FlowStatus>>()

  get(dfid: string): FlowStatus | undefined {
    return this.#all.get(dfid)
  }

  statusOf(dfid: string): string | null {
    return this.get(dfid)?.status ?? null
  }

  move({ dfid, toStatus: status, createdAt: since }: Transition): void {
    this.remove(dfid)
    const flow = { dfid, status, since }
    this.#all.add(flow)
    const there = this.#byStatus.get(status) ?? new InOrder<FlowStatus>()
    this.#byStatus.set(status, there)
    there.add(flow)
  }

  remove(dfid: string): void {
    const status = this.statusOf(dfid)
    if (status === null) return
    this.#all.remove(dfid)
    const there = this.#byStatus.get(status)
    there?.remove(dfid)
    if (there?.size === 0) this.#byStatus.delete(status)
  }

  /** As `InOrder.page`; with a status, of the flows in it. */
  page(status: string | null, ...page: Parameters<InOrder<FlowStatus>['page']>) {
    const wanted = status === null ? this.#all : this.#byStatus.get(status)
    return wanted?.page(...page) ?? { items: [], next: null }
  }
}
