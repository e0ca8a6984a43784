import type { Scenario } from '../scenario.ts'
import { allKindsOf, kindsOf } from './record-kinds.ts'
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
    protocols: 'any',
    capabilities: ['processes'],
    asserts: 54,
    async run({ protocols, processes, id, assert, open, freshNamespace }) {
      for (let round = 0; round < 3; round++) {
        const [one, namespace] = [id('one'), freshNamespace()]
        const job = toJob(initAndWrite, { id: one, protocols }, { namespace, init: false })
        const seen = await processes.run(range(PROCESSES).map(() => job))
        const storage = await open({ namespace })
        const first = round * PROCESSES // processes are counted through
        for (const [at, kind] of kindsOf(protocols).entries()) {
          const written = range(PROCESSES).map((n) => kind.after(first + n))
          const own = seen.map((kinds) => (kinds as unknown[])[at])
          assert.equal(own, written, `${kind.name}: each process reads what it wrote`)
          const names = range(PROCESSES).map((n) => `${one} ${first + n}`)
          const all = await Promise.all(names.map((name) => kind.read(storage, name, `${name} other`)))
          assert.equal(all, written, `${kind.name}: all initialised one store`)
        }
      }
    },
  },
  {
    id: 'processes/restart',
    title: 'what a process wrote before it ended is there for the next ones, which write on',
    clause: 'a second handle, in any process, sees what the first one committed',
    protocols: 'any',
    capabilities: ['processes'],
    asserts: 3,
    async run({ storage, protocols, processes, id, assert }) {
      const one = id('record')
      const kinds = allKindsOf(protocols)
      const expected = (...writes: number[]) => kinds.map((kind) => kind.after(...writes))
      await processes.run([toJob(writeKinds, { id: one, n: 1, protocols })])
      const [second] = await processes.run([toJob(readKinds, { id: one, protocols })])
      assert.equal(second, expected(1), 'the second process reads what the first one wrote')
      await processes.run([toJob(writeKinds, { id: one, n: 2, protocols })])
      const [fourth] = await processes.run([toJob(readKinds, { id: one, protocols })])
      assert.equal(fourth, expected(1, 2), 'the fourth reads what the first and the third wrote')
      const here = await Promise.all(
        kinds.map((kind) => kind.read(storage, `${one}/${kind.name}`, `${one}/${kind.name}/other`)),
      )
      assert.equal(here, expected(1, 2), 'and so does this process')
    },
  },
])
