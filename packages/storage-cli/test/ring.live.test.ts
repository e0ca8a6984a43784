import path from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { dropNamespace, memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { expect, inject, onTestFinished, test } from 'vitest'
import { SERVER_NAMES, type ServerName } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { freshNamespace } from '../../../test/load/store.ts'
import { dirStorage, folder } from './command.ts'
import { fillWell } from './filled.ts'
import { backendOf, openOn } from './servers.ts'

/** An empty store: what the command calls it, and a handle on it. */
interface Place {
  readonly name: string
  readonly open: () => Promise<StorageHandle>
}

const MAKE: Readonly<Record<string, () => Promise<Place>>> = {
  async sqlite() {
    const file = path.join(folder(), 'ring.sqlite')
    return { name: `sqlite:${file}`, open: async () => sqliteStorage(file) }
  },
  postgres: () => onServer('postgres'),
  mongo: () => onServer('mongo'),
  redis: () => onServer('redis'),
  async memory() {
    const namespace = 'cli_ring'
    await dropNamespace({ namespace })
    const name = path.join(import.meta.dirname, 'stores', 'ring.ts')
    return { name, open: async () => memoryStorage({ namespace }) }
  },
}

async function onServer(name: ServerName): Promise<Place> {
  const namespace = freshNamespace()
  onTestFinished(() => backendOf(name).then((backend) => backend.destroy(namespace)))
  return { name: `${inject('servers')[name].url ?? ''}#${namespace}`, open: () => openOn(name, namespace) }
}

const kinds = Object.keys(MAKE)
const make = (kind: string | undefined): Promise<Place> =>
  MAKE[kind ?? '']?.() ?? Promise.reject(new Error(kind))

/** Only where all of these servers are. */
function withServers([name, ...others]: readonly ServerName[], tests: () => void): void {
  if (name === undefined) tests()
  else withServer(name, () => withServers(others, tests))
}

withServers(SERVER_NAMES, () => {
  test.each(kinds)(
    'what %s has goes around all backends and back, with the same canonical form at each step',
    async (kind) => {
      let at = await make(kind)
      {
        await using storage = await at.open()
        await fillWell(storage)
      }
      const first = await dirStorage('export', '-', '--store', at.name)
      expect([first.code, first.stderr]).toEqual([0, ''])
      const records = first.stdout.split('\n').length - 2 // the last line is of the counters
      const way = [...kinds, ...kinds].slice(kinds.indexOf(kind) + 1, kinds.indexOf(kind) + 1 + kinds.length)
      for (const next of way) {
        // the one store in memory that there is has begun the way
        if (next === 'memory' && kind === 'memory') continue
        const to = await make(next)
        const copied = await dirStorage('copy', at.name, to.name, '--timeout', '30s')
        expect({ next, code: copied.code, stderr: copied.stderr }).toEqual({ next, code: 0, stderr: '' })
        expect(copied.stdout).toMatch(new RegExp(`: ${records} records\n$`))
        expect({ next, ...(await dirStorage('export', '-', '--store', to.name)) }).toEqual({ next, ...first })
        at = to
      }
    },
  )
})
