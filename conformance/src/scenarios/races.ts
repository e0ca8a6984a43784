import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'
import { ROUNDS, places, rounds } from './rounds.ts'

export const scenarios: readonly Scenario[] = [
  ...group({ level: 'atomic', protocols: ['idempotency'] }, [
    {
      id: 'races/one-claim-starts',
      title: 'of sixteen racers that claim a key one is told started, and all others in flight',
      clause: 'claim: started for one of any number of racers',
      asserts: 2 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          ({ idempotency }, _, key) => idempotency.claim(key, { leaseSec: 600 }),
          async (answers, { idempotency }, key) => {
            const counts = ['started', 'inFlight'].map(
              (state) => places(answers, (one) => one.state === state).length,
            )
            context.assert.equal(counts, [1, 15], 'started and in flight')
            const winner = answers.find((one) => one.state === 'started')
            const token = winner?.state === 'started' ? winner.token : ''
            context.assert.equal(
              await idempotency.complete(key, token, {}),
              true,
              "the winner's token is the current one",
            )
          },
        ),
    },
    {
      id: 'races/one-first-result-stands',
      title: 'of sixteen racers that store a first result one does, and all are told that one',
      clause: "setIfAbsent: first writer wins, everyone gets the winner's result",
      asserts: 3 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          ({ idempotency }, racer, key) => idempotency.setIfAbsent(key, { racer }),
          async (answers, { idempotency }, key) => {
            const winners = places(answers, ({ stored }) => stored)
            context.assert.equal(winners.length, 1, 'how many stored theirs')
            const result = { racer: winners[0] }
            context.assert.equal(
              answers.map((answer) => answer.result),
              answers.map(() => result),
              'what they were told',
            )
            context.assert.equal(await idempotency.get(key), result, 'what is stored')
          },
        ),
    },
    {
      id: 'races/one-completion-counts',
      title: 'of racers that complete, abandon and overwrite one claim, one outcome stands for all to see',
      clause:
        'complete, abandon → true if that token is still the current one; a stored result voids a claim',
      asserts: 2 * ROUNDS,
      run(context) {
        const tokens = new Map<string, string>()
        return rounds(
          context,
          ({ idempotency }, racer, key) =>
            racer % 2 === 0
              ? idempotency.complete(key, tokens.get(key) ?? '', { racer })
              : idempotency.abandon(key, tokens.get(key) ?? ''),
          async (answers, { idempotency }, key) => {
            const winners = places(answers, (won) => won)
            context.assert.equal(winners.length, 1, 'how many ended the claim')
            const [winner = -1] = winners
            context.assert.equal(
              await idempotency.get(key),
              winner % 2 === 0 ? { racer: winner } : null,
              'the result',
            )
          },
          async ({ idempotency }, key) => {
            const claim = await idempotency.claim(key, { leaseSec: 600 })
            if (claim.state === 'started') tokens.set(key, claim.token)
          },
        )
      },
    },
  ]),
  ...group({ level: 'atomic', protocols: ['lifecycle'] }, [
    {
      id: 'races/one-transition-happens',
      title: 'of sixteen racers that move a flow on from one status one does',
      clause: 'transition: records only if the current status is still fromStatus; serialised per flow',
      asserts: 2 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          ({ lifecycle }, racer, dfid) => lifecycle.transition(dfid, 'NEW', `by ${racer}`),
          async (answers, { lifecycle }, dfid) => {
            const winners = places(answers, (won) => won)
            context.assert.equal(winners.length, 1, 'how many moved it')
            const path = (await lifecycle.getTransitions(dfid)).map(({ toStatus }) => toStatus)
            context.assert.equal(path, ['NEW', `by ${winners[0]}`], 'its transitions')
          },
          ({ lifecycle }, dfid) => lifecycle.transition(dfid, null, 'NEW'),
        ),
    },
    {
      id: 'races/one-first-transition-happens',
      title: 'of sixteen racers that begin a flow one does',
      clause: 'transition: null: the flow has no transition yet',
      asserts: 2 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          ({ lifecycle }, racer, dfid) => lifecycle.transition(dfid, null, `by ${racer}`),
          async (answers, { lifecycle }, dfid) => {
            const winners = places(answers, (won) => won)
            context.assert.equal(winners.length, 1, 'how many began it')
            const path = (await lifecycle.getTransitions(dfid)).map(({ toStatus }) => toStatus)
            context.assert.equal(path, [`by ${winners[0]}`], 'its transitions')
          },
        ),
    },
  ]),
  ...group({ level: 'atomic', protocols: ['context'] }, [
    {
      id: 'races/one-swap-happens',
      title: 'of sixteen racers that swap one text one does, where there is a text and where there is none',
      clause: 'compareAndSet: writes only if the stored text is still exactly the expected one',
      asserts: 3 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          async (storage, racer, key) => [
            await storage.context.compareAndSetSession(key, null, `${racer}`),
            await storage.context.compareAndSetState(key, '"old"', `${racer}`),
          ],
          async (answers, storage, key) => {
            const [first, second] = [0, 1].map((table) => places(answers, (won) => won[table] === true))
            context.assert.equal([first?.length, second?.length], [1, 1], 'how many swapped')
            context.assert.equal(await storage.context.getSession(key), String(first?.[0]), 'the session')
            context.assert.equal(await storage.context.getState(key), String(second?.[0]), 'the state')
          },
          (storage, key) => storage.context.setState(key, '"old"'),
        ),
    },
  ]),
  ...group({ level: 'atomic', protocols: ['intentRetry'] }, [
    {
      id: 'races/no-increment-is-lost',
      title: 'sixteen racers that increment one count are told sixteen different counts, and none is lost',
      clause: 'increment → the new count',
      asserts: 2 * ROUNDS,
      run: (context) =>
        rounds(
          context,
          async ({ intentRetry }, _, dfid) => [
            await intentRetry.increment(dfid),
            await intentRetry.increment(dfid),
          ],
          async (answers, { intentRetry }, dfid) => {
            const told = answers.flat().toSorted((a, b) => a - b)
            context.assert.equal(
              told,
              range(32).map((n) => n + 1),
              'the counts they were told',
            )
            context.assert.equal(await intentRetry.getCount(dfid), 32, 'the count')
          },
        ),
    },
  ]),
]
