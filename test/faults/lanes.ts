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
    const open = (): Promise<Lane> => openLane(store, namespace, { clock, deadlineMs })
    opened.push(await open(), ...(await Promise.all(Array.from({ length: size - 1 }, open))))
  }
  return opened
}

async function openLane(
  { name, server, open, broken }: Store,
  namespace: string,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<Lane> {
  const proxy = await proxyTo(name, server.url)
  const calm = open(server.url, namespace, { operationTimeoutMs: CALM_MS })
  await calm.init()
  const tried = broken(open(proxy.url, namespace, { operationTimeoutMs: deadlineMs }))
  const warm = async (): Promise<void> => void (await surely(() => tried.intentRetry.getCount('warm')))
  await warm()
  return {
    calm,
    tried,
    deadlineMs,
    clock,
    proxy,
    warm,
    async close() {
      await Promise.all([calm.close(), tried.close()])
      await proxy.close()
    },
  }
}
