import { findBinary } from '../places.ts'
import { type Binary, NoServerError, onThisMachine } from './binary.ts'
import { debianPackage } from './debian.ts'

export async function pgbouncerBinaries(): Promise<Binary> {
  const own = findBinary('pgbouncer', ['/usr/sbin'])
  if (own !== undefined) return onThisMachine(own)
  try {
    return { folder: await debianPackage('pgbouncer'), file: 'usr/sbin/pgbouncer', origin: 'apt' }
  } catch (error) {
    throw new NoServerError('PgBouncer', 'install pgbouncer', error)
  }
}
