import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CallOrder, type Ordered, allOf } from '../src/adapter/call-order.ts'
import type { Call } from '../src/adapter.ts'

function call(id: string, concernsAll = false): Call {
  return {
    protocol: 'context',
    method: 'm',
    operation: 'get',
    args: ['session', id],
    ids: [id],
    concernsAll,
    deadline: 0,
  }
}

/** Counts how often the end of a write is asked for. */
function counted(order: CallOrder) {
  let asked = 0
  const ends: (() => void)[] = []
  return {
    asked: () => asked,
    write(id: string): Promise<unknown> | undefined {
      const { promise, resolve } = Promise.withResolvers<void>()
      const end = (): Promise<void> => {
        asked++
        return promise
      }
      const write: Ordered = { calls: [call(id)], settled: end, passed: end }
      const earlier = order.earlier(call(id))
      order.add(write)
      ends.push(() => {
        order.remove(write)
        resolve()
      })
      return earlier
    },
    settle: (index: number) => ends[index]?.(),
    settleAll: () => ends.forEach((end) => end()),
  }
}

test('each write is waited for once, however many calls come behind it', async () => {
  const order = new CallOrder()
  const store = counted(order)
  const waits: (Promise<unknown> | undefined)[] = []
  for (let index = 0; index < 1_000; index++) waits.push(store.write('flow'))
  expect(store.asked()).toBe(999)
  for (let index = 0; index < 1_000; index++) waits.push(order.earlier(call('other', true)))
  expect(store.asked()).toBe(1_999)
  store.settleAll()
  await allOf(waits)
  expect(order.earlier(call('flow', true))).toBe(undefined)
})

test('a call waits for an early write too, where a later one settles first', async () => {
  const order = new CallOrder()
  const store = counted(order)
  let waited = false
  void store.write('flow')
  void store.write('flow')
  store.settle(1)
  void order.earlier(call('flow'))?.then(() => (waited = true))
  await new Promise(setImmediate)
  expect(waited).toBe(false)
  store.settle(0)
  await new Promise(setImmediate)
  expect(waited).toBe(true)
})

// With a memory that waits of each call for every earlier one do not fit into.
test('10 000 writes to one record, and 2 000 lists behind 2 000 writes, take little memory', async () => {
  const crowd = fileURLToPath(new URL('crowd.ts', import.meta.url))
  const args = ['--max-old-space-size=96', '--conditions=@dir/source', crowd]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toBe('10000 2000 2000\n')
})
