import type { Scenario } from '../scenario.ts'
import { TIME, group, range, without } from './kit.ts'

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'seed', protocols: ['lifecycle'] }, [
    {
      id: 'lifecycle/recording-checks-nothing',
      title: 'recordTransition appends whatever it is given, repeated and contradictory ones too',
      clause: 'recordTransition checks nothing; getTransitions in insertion order',
      asserts: 2,
      async run({ storage: { lifecycle }, id, assert }) {
        const dfid = id('flow')
        const moves: [string | null, string][] = [
          [null, 'A'],
          [null, 'A'],
          ['Z', 'A'],
          ['A', 'A'],
          ['', ''],
          [null, 'B'],
          ['B', 'A'],
        ]
        for (const [from, to] of moves) await lifecycle.recordTransition(dfid, from, to)
        const seen = await lifecycle.getTransitions(dfid)
        assert.equal(
          without(seen, 'createdAt'),
          moves.map(([fromStatus, toStatus]) => ({ dfid, fromStatus, toStatus })),
          'all of them, as given',
        )
        assert.ok(
          seen.every(({ createdAt }) => createdAt !== null && TIME.test(createdAt)),
          'their times',
        )
      },
    },
    {
      id: 'lifecycle/transitions-are-in-the-order-of-insertion',
      title:
        'getTransitions gives those of one flow or of all flows in the order of insertion, ties included',
      clause: 'getTransitions(dfid?): in insertion order; every order includes ties',
      needs: 'empty',
      asserts: 4,
      async run({ storage: { lifecycle }, assert }) {
        assert.equal(await lifecycle.getTransitions(), [], 'an empty store')
        const moves = range(60).map((n) => ({
          dfid: `flow ${(n * 7) % 3}`,
          fromStatus: null,
          toStatus: `S${n}`,
        }))
        const record = ({ dfid, toStatus }: { dfid: string; toStatus: string }) =>
          lifecycle.recordTransition(dfid, null, toStatus)
        await Promise.all(moves.slice(0, 40).map(record))
        for (const move of moves.slice(40)) await record(move)
        assert.equal(without(await lifecycle.getTransitions(), 'createdAt'), moves, 'all flows')
        assert.equal(
          without(await lifecycle.getTransitions('flow 2'), 'createdAt'),
          moves.filter(({ dfid }) => dfid === 'flow 2'),
          'one flow',
        )
        assert.equal(await lifecycle.getTransitions('flow'), [], 'an unknown flow')
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['lifecycle'] }, [
    {
      id: 'lifecycle/current-status-is-the-last-recorded',
      title: 'the current status is what the last transition leads to, and null for a flow without one',
      clause: "getCurrentStatus: the last transition's toStatus, or null",
      asserts: 4,
      async run({ storage: { lifecycle }, id, assert }) {
        const [dfid, other] = [id('flow'), id('other')]
        assert.equal(await lifecycle.getCurrentStatus(dfid), null, 'no transition yet')
        await Promise.all(['Z', 'A', 'M'].map((status) => lifecycle.recordTransition(dfid, null, status)))
        await lifecycle.recordTransition(other, null, 'OTHER')
        assert.equal(await lifecycle.getCurrentStatus(dfid), 'M', 'three at once')
        await lifecycle.recordTransition(dfid, 'Z', 'A')
        assert.equal(await lifecycle.getCurrentStatus(dfid), 'A', 'a status that was there before')
        await lifecycle.recordTransition(dfid, 'A', '')
        assert.equal(await lifecycle.getCurrentStatus(dfid), '', 'an empty status is one')
      },
    },
    {
      id: 'lifecycle/transition-starts-from-the-current-status',
      title:
        'transition records only if the flow is still in the status it starts from, null meaning none yet',
      clause:
        'transition → boolean: records only if the current status is still fromStatus (null: no transition yet)',
      asserts: 12,
      async run({ storage: { lifecycle }, id, assert }) {
        const [dfid, other] = [id('flow'), id('other')]
        await lifecycle.recordTransition(other, null, 'A')
        const steps: [string | null, string, boolean][] = [
          ['A', 'B', false],
          ['', 'B', false],
          [null, 'A', true],
          [null, 'A', false],
          ['a', 'B', false],
          ['A ', 'B', false],
          ['A', 'A', true],
          ['A', '', true],
          [null, 'B', false],
          ['', 'B', true],
          ['A', 'C', false],
        ]
        for (const [from, to, done] of steps)
          assert.equal(await lifecycle.transition(dfid, from, to), done, `from ${from} to ${to}`)
        assert.equal(
          without(await lifecycle.getTransitions(dfid), 'createdAt'),
          steps
            .filter(([, , done]) => done)
            .map(([fromStatus, toStatus]) => ({ dfid, fromStatus, toStatus })),
          'those that were done',
        )
      },
    },
    {
      id: 'lifecycle/transition-sees-what-was-recorded',
      title: 'transition and recordTransition of one flow count for each other',
      clause: 'both kinds of transition are serialised per flow',
      asserts: 4,
      async run({ storage: { lifecycle }, id, assert }) {
        const dfid = id('flow')
        const answers = await Promise.all([
          lifecycle.recordTransition(dfid, null, 'A'),
          lifecycle.transition(dfid, 'A', 'B'),
          lifecycle.recordTransition(dfid, 'X', 'C'),
          lifecycle.transition(dfid, 'B', 'D'),
          lifecycle.transition(dfid, 'C', 'D'),
        ])
        assert.equal(answers[1], true, 'from the recorded status')
        assert.equal(answers[3], false, 'from a status that was recorded over')
        assert.equal(answers[4], true, 'from the last recorded status')
        const path = (await lifecycle.getTransitions(dfid)).map(({ toStatus }) => toStatus)
        assert.equal(path, ['A', 'B', 'C', 'D'], 'the path')
      },
    },
  ]),
]
