import { existsSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { type Binary, NoServerError } from './binaries.ts'
import { debianPackage } from './debian.ts'

export function redisBinaries(): Binary {
  const file = findBinary('redis-server') ?? findBinary('valkey-server')
  if (file !== undefined) return { file, origin: file }
  try {
    const folder = debianPackage('redis-tools')
    return { file: serverOf(folder), folder, origin: 'apt' }
  } catch (error) {
    throw new NoServerError('Redis', 'install redis-server, or set STORAGE_REDIS_URL', [String(error)])
  }
}

/** Debian's server is one program with its tools, and knows by its name what to be. */
function serverOf(folder: string): string {
  const file = path.join(folder, 'usr', 'bin', 'redis-server')
  try {
    if (!existsSync(file)) symlinkSync('redis-check-rdb', file)
  } catch (error) {
    if (!existsSync(file)) throw error // else another process made it meanwhile
  }
  return file
}
