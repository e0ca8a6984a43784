import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AuditHead } from '@dir/storage-core/seals'
import type { CommandOption } from './command.ts'
import { StoreError, UsageError } from './errors.ts'

export const KEY: CommandOption = {
  flags: '--key <file>',
  description: 'a file with the key: PEM of an Ed25519 key, or anything else as a secret',
}

/** The key in a file; a public one where only a public one is there. */
export async function readKey(file: string): Promise<KeyObject | Uint8Array> {
  const bytes = await read(file)
  const text = bytes.toString()
  if (!text.trimStart().startsWith('-----BEGIN')) return withoutLineEnd(bytes)
  try {
    return text.includes('PRIVATE KEY') ? createPrivateKey(text) : createPublicKey(text)
  } catch {
    throw new UsageError(`${file} is no PEM of a key without a passphrase.`)
  }
}

/** A head, as `seal --json` printed it. */
export async function readHead(file: string): Promise<AuditHead> {
  try {
    return JSON.parse((await read(file)).toString()) as AuditHead
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new UsageError(`${file} is no head: keep what seal --json prints.`)
    throw error
  }
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new StoreError(`${file} cannot be read [${String((error as NodeJS.ErrnoException).code)}]`)
  })
}

/** Editors and echo end a file with one. */
function withoutLineEnd(bytes: Buffer): Uint8Array {
  const ends = ['\r\n', '\n'].find((end) => bytes.subarray(-end.length).toString() === end)
  return bytes.subarray(0, bytes.length - (ends?.length ?? 0))
}
