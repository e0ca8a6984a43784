import diagnostics from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { Clock } from './clock.ts'
import type { Finding, Result } from './finding.ts'
import type { BreachName } from './judge.ts'
import { type Lane, openLanes } from './lanes.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'
import { type Told, hear, saying } from './told.ts'

/** What one handle keeps of calls that wait, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024
const VALUE_BYTES = 4 * 1024 * 1024
/** What is under way waits no more. */
const UNDER_WAY_BYTES = 4 * VALUE_BYTES
const LARGE_CALLS = 40
const DEADLINE_MS = 1_000

/** A batch of a flow of its own. */
function batch(storage: StorageHandle, id: string): Promise<unknown> {
  return storage.atomically((recorded) => {
    recorded.decisionAudit.record(id, 'flood')
    recorded.context.setSession(id, '"flood"')
    recorded.saga.markDirty(id, 'flood', '{}')
  })
}

/** More than a handle can do in time, with no fault at all: many batches at once, and large ones. */
export async function flood(store: Store, scale: Scale): Promise<Result> {
  const clock = new Clock()
  const open = async (deadlineMs: number): Promise<Lane> => {
    const [lane] = await openLanes(store, { lanes: 1, clock, deadlineMs })
    if (lane === undefined) throw new Error('There is no lane.')
    return lane
  }
  const findings: Finding[] = []
  const find = (call: string, fault: string, breach: BreachName, text: string): void =>
    void findings.push({ backend: store.name, call, fault, breach, text })

  const all = async (lane: Lane, count: number): Promise<Told[]> => {
    const calls = Array.from({ length: count }, (_, index) =>
      hear(clock, lane.deadlineMs, () => batch(lane.tried, `flood-${index}-`)),
    )
    return Promise.all(calls)
  }

  const sent = new Set<string>()
  const look = (bytes: string | Uint8Array): void => {
    const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
    for (const [id] of text.matchAll(/flood-\d+-/g)) sent.add(id)
  }
  const stop = tapSockets(look)
  const beside = await open(await enough(await open(60_000), scale.beside))
  const tooMany = await open(DEADLINE_MS)
  const tooLarge = await open(DEADLINE_MS)
  try {
    const told = await all(beside, scale.beside)
    for (const one of told.filter(({ error }) => error !== undefined))
      find('atomically', `beside ${scale.beside - 1} others`, 'contention', saying(one))

    tooMany.proxy.choose = (request) => {
      look(request)
      return null
    }
    const many = await all(tooMany, scale.flood)
    const unsent = many.filter(({ outcome }, index) => outcome === 'unknown' && !sent.has(`flood-${index}-`))
    for (const one of unsent) find('atomically', `beside ${scale.flood - 1} others`, 'unsent', saying(one))
    for (const one of [...told, ...many].filter(({ isLate }) => isLate))
      find('atomically', 'in a flood', 'late', saying(one))

    const value = JSON.stringify('x'.repeat(VALUE_BYTES))
    const large: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      'context.setSession': (id) => tooLarge.tried.context.setSession(id, value),
      atomically: (id) => tooLarge.tried.atomically((recorded) => recorded.context.setSession(id, value)),
    }
    const { promise: until, resolve: heal } = Promise.withResolvers<void>()
    tooLarge.proxy.choose = () => ({ name: 'swallowed', until, isOver: until, over: () => {} })
    for (const [call, act] of Object.entries(large)) {
      const calls = Array.from({ length: LARGE_CALLS }, (_, index) =>
        hear(clock, DEADLINE_MS, () => act(`large-${index}`)),
      )
      const refused = (await Promise.all(calls)).filter(({ error }) => isRefusedForRoom(error)).length
      const bytes = (LARGE_CALLS - refused) * VALUE_BYTES
      if (bytes > MOST_BYTES + UNDER_WAY_BYTES)
        find(call, 'while nothing arrives', 'unbounded', `${bytes} bytes`)
    }
    heal()
    return {
      part: 'flood',
      ran: { 'side by side': told.length, 'at once': many.length, sent: sent.size, large: LARGE_CALLS * 2 },
      findings,
      short: [],
    }
  } finally {
    await Promise.all([beside, tooMany, tooLarge].map((lane) => lane.close()))
    stop()
    clock.stop()
  }
}

const LEAST_MS = 5_000
const PROBES = 16

/** A deadline within which so many batches could be made one after another several times over. */
async function enough(lane: Lane, count: number): Promise<number> {
  let ms = 0
  // the second round is without what is done for the first time
  for (const round of ['first', 'second']) {
    const begun = performance.now()
    for (let probe = 0; probe < PROBES; probe++) await batch(lane.tried, `${round}-${probe}`)
    ms = performance.now() - begun
  }
  await lane.close()
  return Math.ceil(Math.max(LEAST_MS, (3 * count * ms) / PROBES))
}

/** Shows what is written to each socket that is opened from now on: whether it has left when its end comes, nobody knows. */
function tapSockets(look: (bytes: string | Uint8Array) => void): () => void {
  const tap = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket }
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
    socket.write = (...args: unknown[]): boolean => {
      look(args[0] as string | Uint8Array)
      return write(...args)
    }
  }
  diagnostics.subscribe('net.client.socket', tap)
  return () => void diagnostics.unsubscribe('net.client.socket', tap)
}

function isRefusedForRoom(error: unknown): boolean {
  return isStorageError(error) && 'phase' in error && error.phase === 'queue'
}
