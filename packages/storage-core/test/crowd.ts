// Started by call-order.test.ts, with little memory: many calls on one record, and many lists behind many writes.
import { type Call, type Protocol, type Work, WriteScheduler } from '../src/index.ts'

const deadline = Infinity
const started: unknown[] = []
const scheduler = new WriteScheduler({
  queueOf: () => null,
  async execute(work) {
    await new Promise(setImmediate)
    started.push(work.calls[0]?.args[0])
    return []
  },
})
const call = (protocol: Protocol, id: string, arg: number, whole = false): Call => {
  return { protocol, method: 'm', operation: 'o', args: [arg], ids: [id], whole, deadline }
}
const write = (protocol: Protocol, id: string, arg: number): Promise<unknown> => {
  const work: Work = {
    calls: [call(protocol, id, arg)],
    atomic: false,
    bytes: 1,
    deadline,
    accessDeadline: null,
  }
  return scheduler.write(work)
}

const increments = Array.from({ length: 10_000 }, (_, index) => write('intentRetry', 'flow', index))
await Promise.all(increments)
const inOrder = started.splice(0).filter((arg, index) => arg === index).length

const upserts: Promise<unknown>[] = []
const lists: Promise<unknown>[] = []
for (let index = 0; index < 2_000; index++) upserts.push(write('agentRegistry', `agent ${index}`, index))
for (let index = 0; index < 2_000; index++)
  lists.push(
    Promise.resolve(scheduler.earlier(call('agentRegistry', '', 0, true))).then(() => started.length),
  )
const seen = await Promise.all(lists)
await Promise.all(upserts)
console.log(inOrder, seen.filter((count) => count === 2_000).length, started.length)
