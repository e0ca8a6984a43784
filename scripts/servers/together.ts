import type { Server } from './server.ts'

/** Starts some servers at once: all of them, or none when one fails. */
export async function startTogether(count: number, start: () => Promise<Server>): Promise<Server[]> {
  const starts = await Promise.allSettled(Array.from({ length: count }, start))
  const servers = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = starts.find((one) => one.status === 'rejected')
  if (failed === undefined) return servers
  await stopAll(servers)
  throw failed.reason
}

export async function stopAll(servers: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
