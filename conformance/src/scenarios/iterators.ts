import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported, fill } from './filled.ts'
import { ALL, group, range } from './kit.ts'

const MANY = 620

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['decisionAudit'], needs: 'empty' }, [
    {
      id: 'iterators/of-events-may-stop-and-run-side-by-side',
      title:
        'readers of events keep to themselves: one may stop, stand still or be closed while others go on',
      clause: 'events: an async iterable; what is there when it gets there',
      asserts: 8,
      async run({ storage, open, assert }) {
        const { decisionAudit } = storage
        const seqs = await decisionAudit.recordMany(
          range(MANY).map((n) => ({ dfid: `flow ${n % 2}`, event: 'E' })),
        )
        const seen = async (count: number) => {
          const read: number[] = []
          for await (const { seq } of decisionAudit.events()) {
            read.push(seq)
            if (read.length === count) break
          }
          return read
        }
        assert.equal(await seen(1), seqs.slice(0, 1), 'one that stops at once')
        assert.equal(await seen(501), seqs.slice(0, 501), 'one that stops within its second page')
        const readers = [{}, { afterSeq: seqs[99] ?? 0 }, { dfid: 'flow 1' }].map((filter) =>
          decisionAudit.events(filter)[Symbol.asyncIterator](),
        )
        const reads: number[][] = readers.map(() => [])
        for (const _ of range(MANY))
          for (const [n, reader] of readers.entries()) {
            const next = await reader.next()
            if (next.done !== true) reads[n]?.push(next.value.seq)
          }
        const expected = [seqs, seqs.slice(100), seqs.filter((_, n) => n % 2 === 1)]
        assert.equal(reads, expected, 'three that take turns')
        for (const reader of readers) assert.equal((await reader.next()).done, true, 'over')
        const standing = decisionAudit.events()[Symbol.asyncIterator]()
        await standing.next()
        await decisionAudit.record('late', 'L')
        const second = await open()
        await second.decisionAudit.record('late', 'L')
        const rest: number[] = []
        for (let next = await standing.next(); next.done !== true; next = await standing.next())
          rest.push(next.value.seq)
        assert.equal(rest.length, MANY + 1, 'one that stood still sees what came meanwhile')
        const closing = second.decisionAudit.events()[Symbol.asyncIterator]()
        await closing.next()
        await closing.return?.()
        await second.close()
        await assert.rejects(
          () => Array.fromAsync(second.decisionAudit.events()),
          'STORAGE_CLOSED',
          'a reader of a closed handle',
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: PROTOCOLS, capabilities: ALL, needs: 'empty' }, [
    {
      id: 'iterators/of-exports-may-stop-and-run-side-by-side',
      title: 'exports keep to themselves: one may stop or stand still while others go on, and records change',
      clause: 'exportRecords: each record existed at some moment of the export',
      asserts: 6,
      async run({ storage, open, assert }) {
        await fill(storage)
        const all = await exported(storage)
        const taken = async (count: number) => {
          const read: unknown[] = []
          for await (const record of storage.exportRecords()) {
            read.push(record)
            if (read.length === count) break
          }
          return read
        }
        assert.equal(await taken(1), all.slice(0, 1), 'one that stops at once')
        assert.equal(await taken(7), all.slice(0, 7), 'one that stops within a protocol')
        const second = await open()
        assert.equal(
          await Promise.all([exported(storage), exported(second), exported(storage)]),
          [all, all, all],
          'three at once',
        )
        const standing = storage.exportRecords()[Symbol.asyncIterator]()
        await standing.next()
        await storage.context.setSession('late', '1')
        await second.lifecycle.recordTransition('late', null, 'L')
        await storage.resourceLock.acquireBatch('late', { late: 1 }, 5)
        assert.equal(await second.context.getSession('late'), '1', 'written while one stands still')
        const types: string[] = []
        for (let next = await standing.next(); next.done !== true; next = await standing.next())
          types.push(next.value.type)
        const counted = (type: string): number => types.filter((one) => one === type).length
        assert.ok(counted('transition') >= 3 && counted('transition') <= 4, 'it goes on, and knows each once')
        assert.equal([counted('counters'), types.at(-1)], [1, 'counters'], 'and ends with the counters')
      },
    },
  ]),
]
