import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../scripts/servers/index.ts'

/** What a server may go through. */
const BLOWS = ['kill', 'pause', 'cut'] as const

export type Counts = Record<(typeof BLOWS)[number], number>

/** Kills the server and starts it again, stops it for a while, or breaks all connections, again and again until `isOver`. */
export async function blow(
  { server, cut }: { readonly server: Server; readonly cut: () => void },
  random: () => number,
  { deadlineMs, pauses, isOver }: { deadlineMs: number; pauses: () => Promise<void>; isOver: () => boolean },
): Promise<Counts> {
  const counts: Counts = { kill: 0, pause: 0, cut: 0 }
  for (let turn = Math.floor(random() * BLOWS.length); !isOver(); turn++) {
    await pauses()
    if (isOver()) break
    const name = BLOWS[turn % BLOWS.length] ?? 'cut'
    counts[name]++
    if (name === 'cut') cut()
    if (name === 'kill') {
      await server.kill9()
      await server.restart()
    }
    if (name === 'pause') {
      server.pause()
      await sleep(random() * 1.5 * deadlineMs)
      server.resume()
    }
  }
  return counts
}
