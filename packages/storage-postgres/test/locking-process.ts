// A process of its own whose callers acquire and release the same few resources, for so long: prints how often, and the
// longest wait for one call.
import { once } from 'node:events'
import { postgresStorage } from '../src/index.ts'

const [url = '', namespace = '', name = '', callers = '', milliseconds = ''] = process.argv.slice(2)
const storage = postgresStorage({ url, namespace })
await storage.init()
console.log('ready')
await once(process.stdin, 'data')
const begun = performance.now()
let [pairs, longest, turn] = [0, 0, 0]
const timed = async (act: Promise<unknown>): Promise<void> => {
  const start = performance.now()
  await act
  longest = Math.max(longest, performance.now() - start)
}
const caller = async (_: unknown, index: number): Promise<void> => {
  const flow = `${name}-${index}`
  while (performance.now() - begun < Number(milliseconds)) {
    const resource = `resource-${turn++ % 16}`
    const capacities = { [resource]: 1_000_000 }
    await timed(storage.resourceLock.acquire(flow, { [resource]: 1 }, 5, { capacities }))
    await timed(storage.resourceLock.release(flow))
    pairs++
  }
}
await Promise.all(Array.from({ length: Number(callers) }, caller))
console.log(JSON.stringify({ rate: (pairs * 1000) / (performance.now() - begun), longest }))
process.stdin.destroy()
await storage.close()
