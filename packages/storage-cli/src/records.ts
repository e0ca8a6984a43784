import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { CANONICAL_ORDER, type StorageRecord } from '@dir/storage-core'
import { StoreError } from './errors.ts'

const CHUNK_BYTES = 1024 * 1024

/** The lines of a text. Only a line feed ends one: JSON may hold what else is taken for an end. */
export async function* linesOf(text: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of text.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

export function fileLines(file: string): AsyncGenerator<string> {
  return linesOf(createReadStream(file, { highWaterMark: CHUNK_BYTES }))
}

/** The records of an export; `name` is what it is called in errors. What they hold, an import checks. */
export async function* recordsOf(lines: AsyncIterable<string>, name: string): AsyncGenerator<StorageRecord> {
  let number = 0
  for await (const line of lines) {
    number++
    yield parse(line) ?? refuse(name, number)
  }
}

function parse(line: string): StorageRecord | undefined {
  try {
    const record = JSON.parse(line) as StorageRecord | null
    return typeof record?.type === 'string' && record.type in CANONICAL_ORDER ? record : undefined
  } catch {
    return undefined
  }
}

function refuse(name: string, number: number): never {
  throw new StoreError(`Line ${number} of ${name} is no record. An export has one in each line, as JSON.`)
}
