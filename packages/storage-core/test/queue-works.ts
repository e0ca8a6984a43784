import { expect } from 'vitest'
import {
  type Call,
  CommitQueue,
  type CommitQueueOptions,
  type Work,
  type WorkResult,
} from '../src/adapter.ts'

/** An error with exactly these fields among its own. */
export const failure = (fields: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(fields)

export interface WorkOptions {
  readonly ids?: readonly string[]
  /** From now, in milliseconds. */
  readonly deadline?: number
  /** Until when an acquire waits for others, from now in milliseconds. */
  readonly access?: number | null
  readonly bytes?: number
  readonly atomic?: boolean
}

/** Work of one call, on records of its own unless `ids` are given. */
export function work(label: string, options: WorkOptions = {}): Work {
  const { ids = [label], deadline = 5_000, access = null, bytes = 10, atomic = false } = options
  const now = performance.now()
  const call = {
    protocol: 'resourceLock',
    method: 'm',
    operation: access === null ? 'release' : 'acquire',
    args: [label],
    ids,
    concernsAll: false,
    deadline: now + deadline,
  } as unknown as Call
  return {
    calls: [call],
    atomic,
    bytes,
    deadline: now + deadline,
    accessDeadline: access === null ? null : now + access,
  }
}

export const read = (
  ids: readonly string[],
  concernsAll: boolean,
): Pick<Call, 'protocol' | 'ids' | 'concernsAll'> => ({
  protocol: 'resourceLock',
  ids,
  concernsAll,
})

export const labelOf = ({ calls }: Work): string => calls[0]?.args[0] as string

type Judge = (label: string, attempt: number) => WorkResult | Promise<WorkResult>

/** A queue over a store that answers each work by `judge`, and keeps the labels of each commit. */
export function store(
  judge: Judge = (label) => ({ answers: [label] }),
  options: Partial<CommitQueueOptions> = {},
) {
  const commits: string[][] = []
  const queue = new CommitQueue({
    async commit(works, sending) {
      sending(works)
      commits.push(works.map(labelOf))
      const results: WorkResult[] = []
      for (const one of works) results.push(await judge(labelOf(one), commits.length))
      return results
    },
    ...options,
  })
  return { queue, commits, push: (label: string, given?: WorkOptions) => queue.push(work(label, given)) }
}

export const done: WorkResult = { answers: ['done'] }

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
