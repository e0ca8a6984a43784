import type { PlannedWork, Use } from './planned-work.ts'

/** Calls of one kind that one statement carries out. */
type Group = readonly [
  protocol: string,
  operation: string,
  calls: (readonly [work: number, call: number, args: readonly unknown[]])[],
]

/** Where each name was used last, and by which operation, if others of that may share the place. */
class Places {
  readonly #last = new Map<string, { readonly place: number; readonly by: string | null }>()

  /** The first place that comes after all earlier uses. */
  after(uses: readonly Use[]): number {
    let first = 0
    for (const { name, by } of uses) {
      const last = this.#last.get(name)
      if (last !== undefined)
        first = Math.max(first, by !== null && by === last.by ? last.place : last.place + 1)
    }
    return first
  }

  use(place: number, { name, by }: Use): void {
    const last = this.#last.get(name)
    if (last?.place === place && last.by !== by) this.#last.set(name, { place, by: null })
    else if (last === undefined || last.place <= place) this.#last.set(name, { place, by })
  }
}

/**
 * The works in waves, each wave's calls in groups. No two works of a wave concern the same record, nor two calls of a
 * group; whatever two works both concern, the earlier one is in the earlier wave. So it comes to the same as one work
 * after the other, in few statements.
 */
export function inWaves(works: readonly PlannedWork[]): readonly (readonly Group[])[] {
  const waves: Map<string, Group>[] = []
  const waveOf = new Places()
  for (const [w, { calls }] of works.entries()) {
    const wave = waveOf.after(calls.flatMap(({ uses }) => uses))
    const groups = (waves[wave] ??= new Map<string, Group>())
    const stepOf = new Places()
    for (const [c, { call, args, uses }] of calls.entries()) {
      const step = stepOf.after(uses)
      for (const use of uses) {
        stepOf.use(step, use)
        // in a later step it comes after what other works do in the same wave
        waveOf.use(wave, step === 0 ? use : { ...use, by: null })
      }
      const key = `${step}:${call.protocol}:${call.operation}`
      const group: Group = groups.get(key) ?? [call.protocol, call.operation, []]
      groups.set(key, group)
      group[2].push([w, c, args])
    }
  }
  return waves.map((groups) =>
    [...groups]
      .toSorted(([one], [other]) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
      .map(([, group]) => group),
  )
}
