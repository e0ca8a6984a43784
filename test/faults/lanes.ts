import type { Clock } from './clock.ts'
import { type Scene, surely } from './cell.ts'
import { type Proxy, proxyTo } from './proxy/proxy.ts'
import { nonce } from './random.ts'
import type { Store } from './store.ts'

/** A namespace with a handle that is tried, through a proxy, and one that nobody disturbs. */
export interface Lane extends Scene {
  readonly proxy: Proxy
  /** Waits until the handle that is tried has connections again. */
  warm(): Promise<void>
  close(): Promise<void>
}

/** Waits longer than anything is held back. */
const CALM_MS = 60_000
/** How many lanes have one namespace. */
const SHARE = 5

/** Opens lanes, some of which share a namespace: what one of them holds up, all others go on without. */
export async function openLanes(
  store: Store,
  {
    lanes,
    clock,
    deadlineMs,
  }: { readonly lanes: number; readonly clock: Clock; readonly deadlineMs: number },
): Promise<Lane[]> {
  const opened: Lane[] = []
  for (let first = 0; first < lanes; first += SHARE) {
    const namespace = `faults_${nonce()}`
    const size = Math.min(SHARE, lanes - first)
    const calm = store.open(store.server.url, namespace, { operationTimeoutMs: CALM_MS })
    await calm.init()
    const open = (): Promise<Lane> => openLane(store, namespace, { calm, clock, deadlineMs })
    opened.push(...(await Promise.all(Array.from({ length: size }, open))))
  }
  return opened
}

const LEAST_MS = 1_000
const MOST_MS = 6_000
/** How much longer than an undisturbed call a disturbed one may take. */
const PATIENCE = 12

/** A deadline that undisturbed calls keep on this machine, however busy it is: so many of them are made at once. */
export async function deadlineFor(store: Store, clock: Clock, calls: number): Promise<number> {
  const [lane] = await openLanes(store, { lanes: 1, clock, deadlineMs: CALM_MS })
  if (lane === undefined) throw new Error('There is no lane.')
  let ms = 0
  // the second round is without what is done for the first time
  for (const round of ['first', 'second']) {
    const begun = performance.now()
    const each = Array.from({ length: calls }, (_, index) =>
      lane.tried.atomically((batch) => batch.context.setState(`${round}${index}`, '0')),
    )
    await Promise.all(each)
    ms = performance.now() - begun
  }
  await lane.close()
  return Math.round(Math.min(MOST_MS, Math.max(LEAST_MS, PATIENCE * ms)))
}

async function openLane(
  { name, server, open, broken }: Store,
  namespace: string,
  scene: Omit<Scene, 'tried'>,
): Promise<Lane> {
  const proxy = await proxyTo(name, server.url)
  const tried = broken(open(proxy.url, namespace, { operationTimeoutMs: scene.deadlineMs }))
  const warm = async (): Promise<void> => void (await surely(() => tried.intentRetry.getCount('warm')))
  await warm()
  return {
    ...scene,
    tried,
    proxy,
    warm,
    async close() {
      await Promise.all([scene.calm.close(), tried.close()])
      await proxy.close()
    },
  }
}
