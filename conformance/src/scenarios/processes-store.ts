import type { Scenario } from '../scenario.ts'
import { RECORD_KINDS } from './record-kinds.ts'
import { PROCESSES, group, range } from './kit.ts'
import { append, initAndWrite, readKinds, tail, toJob, writeKinds } from './process-store-jobs.ts'

export const scenarios: readonly Scenario[] = group({ level: 'shared', protocols: [] }, [
  {
    id: 'processes/readers-miss-no-event',
    title: 'readers who go on after the last seq they saw miss no event of three writers, and see none twice',
    clause: 'seq rises in the order in which events become visible',
    protocols: ['decisionAudit'],
    capabilities: ['recordMany', 'eventCursor', 'processes'],
    needs: 'empty',
    asserts: 4,
    async run({ storage, processes, id, assert }) {
      const writers = range(3).map((n) => toJob(append, { dfid: id(`writer${n}`), times: 80 }))
      const readers = range(2).map(() => toJob(tail, { writers: 3 }))
      const answers = await processes.run([...writers, ...readers])
      const written = (answers.slice(0, 3) as number[][]).flat().sort((a, b) => a - b)
      const events = await storage.decisionAudit.allEventsChronological()
      assert.equal(
        events.map(({ seq }) => seq),
        written,
        'the log holds what was written, in the order of seq',
      )
      for (const { seqs, rounds } of answers.slice(3) as { seqs: number[]; rounds: number }[]) {
        assert.ok(rounds > 1, 'the reader went on while events were written')
        assert.equal(seqs, written, 'the reader saw every event once, in that order')
      }
    },
  },
  {
    id: 'processes/concurrent-init',
    title: 'five processes that initialise an empty namespace at once all succeed',
    clause: 'init may run from many processes at once, on an empty store',
    protocols: ['intentRetry'],
    capabilities: ['increment', 'processes'],
    asserts: 3,
    async run({ processes, id, assert, freshNamespace }) {
      for (let round = 0; round < 3; round++) {
        const job = toJob(initAndWrite, { dfid: id('flow') }, { namespace: freshNamespace(), init: false })
        const counts = (await processes.run(range(PROCESSES).map(() => job))) as number[]
        assert.equal(
          counts.sort((a, b) => a - b),
          range(PROCESSES).map((n) => n + 1),
          'all initialised one store and counted in it',
        )
      }
    },
  },
  {
    id: 'processes/restart',
    title: 'what a process wrote before it ended is there for the next ones, which write on',
    clause: 'a second handle, in any process, sees what the first one committed',
    protocols: [...new Set(RECORD_KINDS.map(({ protocol }) => protocol))],
    capabilities: ['processes'],
    asserts: 3,
    async run({ storage, processes, id, assert }) {
      const one = id('record')
      const expected = (...writes: number[]) => RECORD_KINDS.map((kind) => kind.after(...writes))
      await processes.run([toJob(writeKinds, { id: one, n: 1 })])
      const [second] = await processes.run([toJob(readKinds, { id: one })])
      assert.equal(second, expected(1), 'the second process reads what the first one wrote')
      await processes.run([toJob(writeKinds, { id: one, n: 2 })])
      const [fourth] = await processes.run([toJob(readKinds, { id: one })])
      assert.equal(fourth, expected(1, 2), 'the fourth reads what the first and the third wrote')
      const here = await Promise.all(
        RECORD_KINDS.map((kind) => kind.read(storage, `${one}/${kind.name}`, `${one}/${kind.name}/other`)),
      )
      assert.equal(here, expected(1, 2), 'and so does this process')
    },
  },
])
