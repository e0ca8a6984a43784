import type { StorageHandle } from '@dir/storage-core'
import { FORCED_EXIT } from './child-exit.ts'
import { contradictedClaims, wrongClaims } from './claims.ts'
import { loadBackend } from './load.ts'
import type { JobContext } from './processes.ts'
import { probeOf } from './probe.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { initAtLast } from './scenarios/kit.ts'
import type { Site } from './site.ts'

/**
 * Whether what the backend's module brings can carry a measurement at all. What breaks here is the harness, so the
 * verdict is `error`, and nothing else runs.
 */
export function preflight(site: Site): Scenario[] {
  const { backend, module } = site
  const probe = probeOf(backend)
  const check = (id: string, title: string, run: (context: ScenarioContext) => Promise<void>): Scenario => ({
    id: `preflight/${id}`,
    title,
    clause: 'what the backend module must bring',
    level: 'seed',
    protocols: [],
    asserts: 0,
    run,
  })
  const expect = async (seen: Promise<boolean>, wanted: boolean, complaint: string): Promise<void> => {
    if ((await seen) !== wanted) throw new Error(complaint)
  }

  const wrong = wrongClaims(backend)
  const checks = [
    check('writes-and-reads', 'a handle reads what it wrote', async ({ storage, id }) => {
      const one = id('probe')
      await initAtLast(storage)
      await probe.write(storage, one)
      await expect(probe.seen(storage, one), true, 'open() gives a handle that does not read what it wrote.')
    }),
    check('two-handles', 'two handles of one namespace are two, and share their data', async (context) => {
      const { storage, id } = context
      const other = await context.open()
      if (other === storage) throw new Error('open() must give a new handle each time, not the same one.')
      const [one, two] = [id('one'), id('two')]
      await probe.write(storage, one)
      await expect(probe.seen(other, one), true, 'A second handle does not see what the first one wrote.')
      await other.close()
      await probe.write(storage, two)
      await expect(probe.seen(storage, two), true, 'Closing one handle must leave the others usable.')
    }),
    check('namespaces', 'namespaces are disjoint', async (context) => {
      const one = context.id('probe')
      await probe.write(context.storage, one)
      const elsewhere: StorageHandle = await context.open({ namespace: context.freshNamespace() })
      await expect(
        probe.seen(elsewhere, one),
        false,
        'open() ignores the namespace: another one sees the data.',
      )
    }),
    check('destroy', 'a destroyed namespace is empty when opened again', async (context) => {
      const namespace = context.freshNamespace()
      const one = context.id('probe')
      const first = await context.open({ namespace })
      await probe.write(first, one)
      await first.close()
      await backend.destroy(namespace)
      const again = await context.open({ namespace })
      await expect(probe.seen(again, one), false, 'destroy() leaves data behind.')
      await expect(
        probe.seen(context.storage, one),
        false,
        'destroy() let data cross over to another namespace.',
      )
    }),
    check('claims', 'the claims are complete, and those of the handle', async ({ storage }) => {
      await initAtLast(storage) // some capabilities depend on the server's settings
      const all = wrong.length > 0 ? wrong : contradictedClaims(backend, storage)
      if (all.length > 0) throw new Error(all.join('\n'))
    }),
  ]
  if (module === null) return checks
  const inChild = check(
    'child-process',
    'a child process loads the module, and ends once its handle is closed',
    (context) => runInChild(context, module),
  )
  return [...checks, inChild]
}

async function runInChild({ processes, id }: ScenarioContext, module: string): Promise<void> {
  const [child] = await processes.start([
    { module: import.meta.url, run: 'probeInChild', args: { module, id: id('child') } },
  ])
  if (child === undefined) return
  child.go()
  await child.answer
  if ((await child.gone) === FORCED_EXIT)
    throw new Error(
      'A process does not end by itself once its handle is closed: close() leaves something open.',
    )
}

/** A job: the probe, once. */
export async function probeInChild({ storage, args }: JobContext): Promise<void> {
  const probe = probeOf(await loadBackend(String(args['module'])))
  await probe.write(storage, String(args['id']))
}
