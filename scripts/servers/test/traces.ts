import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '../family.ts'

/** What there is of a server that has gone: nothing, if all is well. */
export function traces({ pid, dir }: { readonly pid: number; readonly dir: string }): string[] {
  return [...(isAlive(pid) ? [`process ${pid}`] : []), ...(existsSync(dir) ? [dir] : [])]
}

/** Those that are left after a while, in which a guard had time to clean up. */
export async function tracesInTheEnd(of: { readonly pid: number; readonly dir: string }): Promise<string[]> {
  for (let tries = 0; tries < 500 && traces(of).length > 0; tries++) await sleep(20)
  return traces(of)
}
