import { setTimeout as sleep } from 'node:timers/promises'
import { shortOf } from '../load/figures.ts'
import { Ambush } from './ambush.ts'
import { type Scene, carryOut, seen, surely } from './cell.ts'
import { Clock } from './clock.ts'
import type { Finding, Result } from './finding.ts'
import { type Course, isUndecided, judge } from './judge.ts'
import { type Lane, deadlineFor, openLanes } from './lanes.ts'
import { FAULTS, type FaultName } from './proxy/fault.ts'
import { nonce, randomStream, shuffled } from './random.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'
import { type Deed, type Expected, allDeeds, expect } from './twins.ts'

/** One write with one fault at one exchange. */
interface Cell {
  readonly deed: Deed
  readonly expected: Expected
  readonly fault: FaultName
  readonly at: number
}

interface Done extends Cell {
  readonly lane: Lane
  readonly id: string
  readonly hasHappened: boolean
  readonly course: Omit<Course, 'last'>
}

/** Every write method, alone and in a batch, at every exchange of its call, with every fault. */
export async function table(store: Store, scale: Scale): Promise<Result> {
  const clock = new Clock()
  const deadlineMs = await deadlineFor(store, clock, scale.lanes)
  const lanes = await openLanes(store, { lanes: scale.lanes, clock, deadlineMs })
  try {
    const deeds = allDeeds(scale.only)
    const rows = await spread(lanes, deeds, (lane, deed, index) => cellsOf(lane, deed, `d${index}`))
    const all = shuffled(rows.flat(), randomStream(scale.seed, 'cells'))
    const chosen = sample(all, scale.cells)
    const done = await spread(lanes, chosen, (lane, cell, index) => run(lane, cell, `c${index}`))
    await sleep(deadlineMs) // for what nobody holds back, and comes by itself
    const findings = await spread(lanes, done, (_, one) => judgeAtLast(store, one))
    const happened = done.filter(({ hasHappened }) => hasHappened)
    const count = (pick: (one: Done) => boolean): number => happened.filter(pick).length
    const undecided = count(({ course }) => isUndecided(course))
    return {
      part: 'table',
      ran: {
        calls: deeds.length,
        'ms of deadline': deadlineMs,
        'cells of all': all.length,
        cells: happened.length,
        applied: count(({ course }) => course.told.outcome === 'applied'),
        'not applied': count(({ course }) => course.told.outcome === 'not-applied'),
        unknown: count(({ course }) => course.told.outcome === 'unknown'),
        undecided,
      },
      findings: findings.flat(),
      short: shortOf({
        'faults that happened': [happened.length, done.length * 0.6],
        'cells decided': [happened.length - undecided, happened.length * 0.5],
      }),
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()))
    clock.stop()
  }
}

/** What a deed does undisturbed, and so the cells of its rows. */
async function cellsOf(lane: Lane, deed: Deed, id: string): Promise<Cell[]> {
  const expected = await expect(lane.calm, deed, id)
  const count = async (): Promise<number> => {
    const twin = nonce() // nobody knows what is there of an attempt that has failed
    const prepared = await deed.write.prepare?.(lane.calm, twin)
    const counting = new Ambush(null, 0, 0)
    lane.proxy.choose = counting.choose
    counting.begin()
    await deed.act(lane.tried, twin, prepared)
    return counting.exchanges
  }
  await surely(count) // what the first such call of a connection asks besides
  // the least of two: a conflict with another lane makes a call ask again
  const exchanges = Math.min(await surely(count), await surely(count))
  const cells = Array.from({ length: exchanges }, (_, at) =>
    FAULTS.map((fault) => ({ deed, expected, fault, at })),
  )
  return cells.flat()
}

async function run(lane: Lane, cell: Cell, id: string): Promise<Done> {
  await lane.warm()
  const ambush = new Ambush(cell.fault, cell.at, lane.deadlineMs / 4)
  lane.proxy.choose = ambush.choose
  const course = await carryOut(lane, { ...cell, id }, ambush)
  return { ...cell, lane, id, course, hasHappened: ambush.hasHappened }
}

async function judgeAtLast({ name }: Store, { lane, deed, id, course, fault, at }: Done): Promise<Finding[]> {
  const last = await seen(lane.calm, deed, id, course.later)
  const whole = { ...course, last }
  if (isUndecided(whole)) return []
  return judge(whole).map((breach) => ({
    backend: name,
    call: deed.name,
    fault: `${fault} ${at}`,
    breach: breach.name,
    text: breach.text,
  }))
}

/** Some of the cells: those of the fault that is most often not withstood, and others by chance. */
function sample(cells: readonly Cell[], most: number): readonly Cell[] {
  const isFirst = ({ deed, fault, at }: Cell): boolean =>
    deed.mode === 'alone' && fault === 'late' && at === 0
  return [...cells.filter(isFirst), ...cells.filter((cell) => !isFirst(cell))].slice(0, most)
}

/** Does the work in the lanes, each of them one thing after another, and gives the answers in the order of the work. */
async function spread<L extends Scene, T, A>(
  lanes: readonly L[],
  work: readonly T[],
  act: (lane: L, one: T, index: number) => Promise<A>,
): Promise<A[]> {
  const answers: A[] = []
  let next = 0
  const goOn = async (lane: L): Promise<void> => {
    while (next < work.length) {
      const index = next++
      answers[index] = await act(lane, work[index] as T, index)
    }
  }
  await Promise.all(lanes.map(goOn))
  return answers
}
