// How many acknowledged audit events a second one Redis takes from record(), with 64 callers at once and with one alone,
// beside bare XADDs of the same fields by the driver. Both sides on one server, which is ours and syncs before each
// reply, or the one that STORAGE_REDIS_URL names; the rounds take turns, and the medians are printed.
import { dumpsJsonDict } from '@dir/storage-core'
import { dropNamespace, redisStorage } from '@dir/storage-redis'
import { Redis } from 'ioredis'
import { provide } from '../../scripts/servers/provide.ts'

const ROUNDS = 9
const MILLISECONDS = 400
const namespace = 'bench'
const stream = '{bench}:bare'
const details = { price: 101.25, reason: 'limit', checks: ['risk', 'capacity'] }

const provided = await provide('redis')
const { url } = provided
const bare = new Redis(url)
await dropNamespace({ url, namespace })
const storage = redisStorage({ url, namespace })
const { details: server } = await storage.health()

const fieldsOf = (event: number): string[] => {
  const at = new Date().toISOString()
  const fields = {
    dfid: `flow-${event % 1000}`,
    event: 'DECIDED',
    at,
    step: 's',
    state: '',
    details: dumpsJsonDict(details),
  }
  return Object.entries(fields).flat()
}

type Act = (event: number) => Promise<unknown>

const sides: Readonly<Record<string, Act>> = {
  'bare XADD': (event) => bare.xadd(stream, '*', ...fieldsOf(event)),
  'record()': (event) =>
    storage.decisionAudit.record(`flow-${event % 1000}`, 'DECIDED', { stepId: 's', details }),
}

/** Events a second of so many callers, each of whom waits for its acknowledgement before it goes on. */
async function rate(act: Act, callers: number): Promise<number> {
  const started = performance.now()
  let events = 0
  const caller = async (): Promise<void> => {
    while (performance.now() - started < MILLISECONDS) await act(events++)
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (events * 1000) / (performance.now() - started)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

console.log(
  `Redis ${server['redisVersion']}, appendonly ${server['appendOnly']}, appendfsync ${server['appendFsync']}`,
)
for (const callers of [1, 64]) {
  const rates = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]))
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let before = 0
    for (const [name, act] of Object.entries(sides)) {
      const now = await rate(act, callers)
      rates.get(name)?.push(now)
      if (name === 'record()') ratios.push(now / before)
      before = now
    }
  }
  const texts = [...rates].map(([name, values]) => `${name} ${Math.round(median(values))}/s`)
  console.log(`${callers} callers: ${texts.join(', ')}, ratio ${median(ratios).toFixed(2)}`)
}

await bare.del(stream)
bare.disconnect()
await storage.close()
await dropNamespace({ url, namespace })
await provided.stop()
