// Started by call-order.test.ts, with little memory: many calls on one record, and many lists behind many writes.
import type { Protocol } from '../src/index.ts'
import { type Call, CommitQueue } from '../src/adapter.ts'

const deadline = Infinity
const carriedOut: unknown[] = []
const queue = new CommitQueue({
  async commit(works, sending) {
    sending(works)
    await new Promise(setImmediate)
    carriedOut.push(...works.map(({ calls }) => calls[0]?.args[0]))
    return works.map(() => ({ answers: [] }))
  },
})
const call = (protocol: Protocol, id: string, arg: number, concernsAll = false): Call => {
  return {
    protocol,
    method: 'm',
    operation: 'o',
    args: [arg],
    ids: [id],
    concernsAll,
    deadline,
  } as unknown as Call
}
const write = (protocol: Protocol, id: string, arg: number): Promise<unknown> =>
  queue.push({ calls: [call(protocol, id, arg)], atomic: false, bytes: 1, deadline, accessDeadline: null })

const increments = Array.from({ length: 10_000 }, (_, index) => write('intentRetry', 'flow', index))
await Promise.all(increments)
const inOrder = carriedOut.splice(0).filter((arg, index) => arg === index).length

const upserts: Promise<unknown>[] = []
const lists: Promise<unknown>[] = []
for (let index = 0; index < 2_000; index++) upserts.push(write('agentRegistry', `agent ${index}`, index))
for (let index = 0; index < 2_000; index++)
  lists.push(Promise.resolve(queue.earlier(call('agentRegistry', '', 0, true))).then(() => carriedOut.length))
const seen = await Promise.all(lists)
await Promise.all(upserts)
console.log(inOrder, seen.filter((count) => count === 2_000).length, carriedOut.length)
