import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MongoSet, type Server, startMongoSet } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { mongoStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const CAPACITY = 3
const WRITERS = 6

async function stepDown({ url }: Server): Promise<void> {
  const client = new MongoClient(url)
  await client.db('admin').command({ replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5, force: true })
  await client.close()
}

withOwnServer('mongo', () => {
  let set: MongoSet
  beforeAll(async () => {
    set = await startMongoSet()
  })
  afterAll(() => set.stop())

  test('a direct connection to one of several members is refused', async () => {
    const [node] = set.nodes
    const storage = mongoStorage({ url: node?.url ?? '' })
    expect((await failureOf(storage.init())).code).toBe('STORAGE_CONFIGURATION')
    await storage.close()
  })

  test(
    'primaries step down and are killed under load: nothing acknowledged is lost or unread, nothing overbooked',
    { timeout: 120_000 },
    async () => {
      const handles = [0, 1].map(() => mongoStorage({ url: set.url, namespace: 'set' }))
      const [storage, other] = handles
      if (storage === undefined || other === undefined) throw new Error('two handles')
      await storage.init()
      const recorded: { event: string; seq: number }[] = []
      const codes = new Set<string>()
      const overbooked: number[] = []
      const stale: unknown[] = []

      const unless = async (act: () => Promise<unknown>): Promise<void> => {
        try {
          await act()
        } catch (error) {
          codes.add((error as { code: string }).code)
        }
      }
      const write = async (index: number, n: number): Promise<void> => {
        const mine = index % 2 === 0 ? storage : other
        const event = `${index}-${n}`
        await unless(async () => recorded.push({ event, seq: await mine.decisionAudit.record(event, event) }))
        await unless(() =>
          mine.resourceLock.acquire(`f${index}`, { r: 1 }, 1, { capacities: { r: CAPACITY } }),
        )
        await unless(() => mine.resourceLock.release(`f${index}`))
        await unless(async () => {
          await mine.context.setState(`a${index}`, `${n}`)
          const seen = await mine.context.getState(`a${index}`)
          if (seen !== `${n}`) stale.push({ index, n, seen })
        })
      }
      const observe = async (): Promise<void> => {
        await unless(async () => overbooked.push(await storage.resourceLock.getLockedAmount('r', null)))
        await sleep(20)
      }
      const fail = async (): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const least = recorded.length + 100
          while (recorded.length < least) await sleep(10)
          const primary = await set.primary()
          if (round === 0) await stepDown(primary)
          else await primary.kill9()
          await set.primary()
          if (round > 0) await primary.restart()
        }
      }
      await meanwhile(WRITERS, write, () => meanwhile(1, observe, fail))

      expect(
        [...codes].filter(
          (code) => !/_(UNAVAILABLE|TIMEOUT|READ_ONLY|INSUFFICIENT_CAPACITY|RESOURCE_CONTENTION)$/.test(code),
        ),
      ).toEqual([])
      expect(overbooked.filter((amount) => amount > CAPACITY)).toEqual([])
      expect(overbooked.length).toBeGreaterThan(0)
      expect(stale).toEqual([])
      const events = await storage.decisionAudit.allEventsChronological()
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      expect(new Set(events.map(({ event }) => event)).size).toBe(events.length)
      expect(recorded.filter(({ event, seq }) => events[seq - 1]?.event !== event)).toEqual([])
      for (let index = 0; index < WRITERS; index++) await storage.resourceLock.release(`f${index}`)
      expect(await storage.resourceLock.getHolds()).toEqual([])
      expect((await storage.health()).details['members']).toBe(3)
      for (const handle of handles) await handle.close()
    },
  )
})
