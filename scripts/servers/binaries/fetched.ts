import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder } from '../places.ts'

/**
 * The cached folder of this name, made by `make` in a draft if it is not there yet. The finished draft moves into
 * place in one step, so several processes can fetch at once, and an interrupted one leaves nothing half done.
 */
export async function fetched(name: string, make: (draft: string) => Promise<void>): Promise<string> {
  const cache = cacheFolder()
  const target = path.join(cache, name)
  if (existsSync(target)) return target
  const draft = await mkdtemp(path.join(cache, `draft-${name}-`))
  try {
    console.error(`Fetching ${name} for tests, into ${target}`)
    await make(draft)
    await chmod(draft, 0o755)
    await moveInto(draft, target)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return target
}

async function moveInto(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target)
  } catch (error) {
    if (!existsSync(target)) throw error // else somebody was quicker
  }
}
