import { setTimeout as sleep } from 'node:timers/promises'
import { shortOf } from '../load/figures.ts'
import { blow } from './blows.ts'
import { carryOut, seen } from './cell.ts'
import { Clock } from './clock.ts'
import type { Finding, Result } from './finding.ts'
import { type Course, isUndecided, judge } from './judge.ts'
import { deadlineFor, openLanes } from './lanes.ts'
import { randomStream } from './random.ts'
import type { Scale } from './scale.ts'
import type { Store } from './store.ts'
import { type Deed, type Expected, allDeeds, expect } from './twins.ts'
import { Weather } from './weather.ts'

const HANDLES = 3
/** Of the exchanges. */
const SHARE = 0.08
/** So many calls are settled between two blows. */
const CALLS_BETWEEN = 60

interface Done {
  readonly deed: Deed
  readonly id: string
  readonly course: Omit<Course, 'last'>
}

/** Many callers on a few handles, random faults, and a server that is killed and stopped. */
export async function storm(store: Store, scale: Scale): Promise<Result> {
  const clock = new Clock()
  const random = randomStream(scale.seed, 'storm')
  const deadlineMs = await deadlineFor(store, clock, scale.callers)
  const lanes = await openLanes(store, { lanes: HANDLES, clock, deadlineMs })
  const weather = new Weather(randomStream(scale.seed, 'weather'), SHARE, deadlineMs)
  const [{ calm } = { calm: undefined }] = lanes
  if (calm === undefined) throw new Error('There is no lane.')
  try {
    const deeds = allDeeds(scale.only).filter(({ write }) => write.isDear !== true)
    const each = deeds.map(async (deed, index) => [deed, await expect(calm, deed, `e${index}`)] as const)
    const expectations = new Map(await Promise.all(each))
    const done: Done[] = []
    let [begun, abandoned] = [0, 0]
    const isOver = (): boolean => begun >= scale.calls

    const caller = async (_: unknown, index: number): Promise<void> => {
      const lane = lanes[index % lanes.length]
      while (!isOver() && lane !== undefined) {
        const id = `s${begun++}`
        const deed = deeds[Math.floor(random() * deeds.length)] as Deed
        const expected = expectations.get(deed) as Expected
        try {
          done.push({ deed, id, course: await carryOut(lane, { deed, id, expected }, weather) })
        } catch {
          abandoned++ // the server was killed while its record was made ready
        }
      }
    }
    for (const lane of lanes) lane.proxy.choose = weather.choose
    weather.begin()
    let next = CALLS_BETWEEN
    const blows = blow(
      { server: store.server, cut: () => lanes.forEach((lane) => lane.proxy.cut()) },
      randomStream(scale.seed, 'blows'),
      {
        deadlineMs,
        isOver,
        async pauses() {
          while (done.length < next && !isOver()) await sleep(10)
          next = done.length + CALLS_BETWEEN
        },
      },
    )
    await Promise.all(Array.from({ length: scale.callers }, caller))
    const counts = await blows
    weather.end()
    await weather.settle()
    await sleep(deadlineMs) // for what nobody holds back, and comes by itself
    const findings: Finding[] = []
    for (const { deed, id, course } of done) {
      const whole = { ...course, last: await seen(calm, deed, id, course.later) }
      if (isUndecided(whole)) continue
      for (const { name, text } of judge(whole))
        findings.push({ backend: store.name, call: deed.name, fault: 'in the storm', breach: name, text })
    }
    const count = (outcome: string): number =>
      done.filter(({ course }) => course.told.outcome === outcome).length
    return {
      part: 'storm',
      ran: {
        calls: done.length,
        'ms of deadline': deadlineMs,
        applied: count('applied'),
        'not applied': count('not-applied'),
        unknown: count('unknown'),
        undecided: done.filter(({ course }) => isUndecided(course)).length,
        abandoned,
        faults: weather.count,
        kills: counts.kill,
        pauses: counts.pause,
        cuts: counts.cut,
      },
      findings,
      short: shortOf({
        calls: [done.length, scale.calls / 2],
        applied: [count('applied'), scale.calls / 10],
        'kills and pauses': [Math.min(counts.kill, counts.pause), 1],
        faults: [weather.count, scale.calls / 50],
      }),
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()))
    clock.stop()
  }
}
