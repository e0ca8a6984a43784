import { symlink } from 'node:fs/promises'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { type Binary, NoServerError, onThisMachine } from './binary.ts'
import { debianPackage } from './debian.ts'

export async function redisBinaries(): Promise<Binary> {
  const own = findBinary('redis-server') ?? findBinary('valkey-server')
  if (own !== undefined) return onThisMachine(own)
  try {
    const folder = await debianPackage('redis-tools', linkServer)
    return { folder, file: 'usr/bin/redis-server', origin: 'apt' }
  } catch (error) {
    throw new NoServerError('Redis', 'install redis-server, or set STORAGE_REDIS_URL', error)
  }
}

/** The program is among the tools already, and knows by its name what to be; redis-server adds a link and a service. */
function linkServer(folder: string): Promise<void> {
  return symlink('redis-check-rdb', path.join(folder, 'usr/bin/redis-server'))
}
