import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder of this test file's own, removed after it. */
export function testFolder(parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'dir-storage-sqlite-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `testFolder`, where every user may come: root's own temporary folder may be closed to others. */
export function publicFolder(): string {
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find(isPublic) ?? tmpdir()
  const folder = testFolder(parent)
  chmodSync(folder, 0o755)
  return folder
}

function isPublic(folder: string): boolean {
  if (process.getuid?.() !== 0) return true
  const parent = dirname(folder)
  const mayEnter = ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) !== 0
  return mayEnter && (parent === folder || isPublic(parent))
}
