import { setTimeout as sleep } from 'node:timers/promises'
import { createProcesses, jobsOf } from '@dir/storage-conformance'
import { type Figures, shortOf, total } from './figures.ts'
import { type Told, look, writeForEver } from './kill-jobs.ts'
import { type Verdict, Writes } from './kill-judge.ts'
import { KIND_NAMES, type Seen } from './kill-kinds.ts'
import type { Scale } from './scale.ts'
import { type Store, freshNamespace } from './store.ts'
import { now } from './told.ts'

const toJob = jobsOf(new URL('./kill-jobs.ts', import.meta.url).href)

/** How long the writers have to get going again after the server is back. */
const RECOVERY_MS = 20_000
const AFTERWARDS = 20

interface Cycle {
  readonly writes: readonly Writes[]
  readonly seen: readonly Seen[]
  /** How many were acknowledged before the kill, were under way at it, and were acknowledged after the restart. */
  readonly before: number
  readonly inFlight: number
  readonly after: number
}

/** Kills the server (of a file: the writers) while all kinds of writes are under way, again and again. */
export async function kills(store: Store, { kills: scale, timeoutMs }: Scale): Promise<Figures> {
  const where = { backend: store.module, namespace: freshNamespace(), scenario: 'kills', seed: 1, timeoutMs }
  const processes = createProcesses(where)
  const unmapped = new Set<string>()

  const lookAt = async (writes: readonly Writes[]): Promise<Seen[]> => {
    const begun = writes.map(({ kind, id, tried }) => ({ kind, id, tried }))
    const [seen] = (await processes.run([toJob(look, { writes: begun })])) as [Seen[]]
    return seen
  }

  const run = async (cycle: number): Promise<Cycle> => {
    const byId = new Map<string, Writes>()
    const ids = Array.from({ length: scale.writers }, (_, n) => `${cycle}/${n}`)
    for (const id of ids) for (const kind of KIND_NAMES) byId.set(`${id}/${kind}`, new Writes(id, kind))
    const writes = [...byId.values()]
    const acknowledged = (): number => writes.reduce((sum, one) => sum + one.of('acknowledged').size, 0)
    let wanted = scale.acks + Math.floor(Math.random() * 100)
    let enough = Promise.withResolvers<void>()
    const writers = await processes.start(ids.map((id) => toJob(writeForEver, { id })))
    for (const writer of writers) {
      writer.onAck((value) => {
        const told = value as Told
        byId.get(`${told.id}/${told.kind}`)?.add(told)
        if (told.text !== undefined) unmapped.add(told.text)
        if (acknowledged() >= wanted && writes.every((one) => one.of('acknowledged').size > 0))
          enough.resolve()
      })
      writer.go()
    }
    const broken = Promise.race(writers.map((writer) => writer.answer))
    await Promise.race([enough.promise, broken])
    await sleep(Math.random() * 20)

    const before = acknowledged()
    await (store.server?.kill9() ?? Promise.all(writers.map((writer) => writer.kill())))
    const killedAt = now()
    let after = AFTERWARDS
    if (store.server !== null) {
      await store.server.restart()
      const restarted = acknowledged()
      enough = Promise.withResolvers<void>()
      wanted = restarted + AFTERWARDS
      await Promise.race([enough.promise, broken, sleep(RECOVERY_MS, undefined, { ref: false })])
      await Promise.all(writers.map((writer) => writer.kill()))
      after = acknowledged() - restarted
    }
    const seen = await lookAt(writes)
    const inFlight = writes.reduce((sum, one) => sum + one.inFlightAt(killedAt), 0)
    return { writes, seen, before, inFlight, after }
  }

  try {
    const cycles: Cycle[] = []
    for (let cycle = 0; cycle < scale.cycles; cycle++) cycles.push(await run(cycle))
    const writes = cycles.flatMap((cycle) => cycle.writes)
    const first = cycles.flatMap((cycle) => cycle.seen)
    const last = await lookAt(writes)
    const verdicts = writes.flatMap((one, index) => {
      return [first[index], last[index]].flatMap((seen) => (seen === undefined ? [] : [one.judge(seen)]))
    })
    const changed = last.filter((seen, index) => JSON.stringify(seen) !== JSON.stringify(first[index]))
    for (const text of unmapped) console.error(text)
    const count = (pick: (one: Writes) => number): number => writes.reduce((sum, one) => sum + pick(one), 0)
    const names: readonly (keyof Verdict)[] = ['lost', 'doubled', 'reordered', 'unwanted', 'torn']
    return {
      part: 'kills',
      ran: {
        kills: cycles.length,
        acknowledged: count((one) => one.of('acknowledged').size),
        'in flight at a kill': cycles.reduce((sum, { inFlight }) => sum + inFlight, 0),
        unknown: count((one) => one.unknown.length),
        'not applied': count((one) => one.of('not-applied').size),
      },
      broken: {
        ...total(names, verdicts),
        'changed later': changed.length,
        'unmapped errors': count((one) => one.of('unmapped').size),
      },
      short: shortOf({
        kills: [cycles.length, scale.cycles],
        'acknowledged before a kill': [Math.min(...cycles.map(({ before }) => before)), 100],
        'in flight at a kill': [Math.min(...cycles.map(({ inFlight }) => inFlight)), 1],
        'acknowledged after a restart': [Math.min(...cycles.map(({ after }) => after)), AFTERWARDS],
        'kinds acknowledged': [writes.filter((one) => one.of('acknowledged').size > 0).length, writes.length],
      }),
    }
  } finally {
    await processes.end()
  }
}
