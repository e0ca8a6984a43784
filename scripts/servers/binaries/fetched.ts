import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { cacheFolder } from '../places.ts'

/**
 * The cached folder of this name, made by `make` in a draft if it is not there yet. The finished draft moves into
 * place in one step, so several processes can fetch at once, and an interrupted one leaves nothing half done.
 */
export function fetched(name: string, make: (draft: string) => void): string {
  const cache = cacheFolder()
  const target = path.join(cache, name)
  if (existsSync(target)) return target
  const draft = mkdtempSync(path.join(cache, `draft-${name}-`))
  try {
    console.error(`Fetching ${name} for tests, into ${target}`)
    make(draft)
    moveInto(draft, target)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return target
}

function moveInto(draft: string, target: string): void {
  try {
    renameSync(draft, target)
  } catch (error) {
    // Somebody else was quicker.
    if (!existsSync(target)) throw error
  }
}
