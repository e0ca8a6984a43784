import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group } from './kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['atomically'] },
  [
    {
      id: 'atomically/one-inside-another-is-a-batch-of-its-own',
      title:
        'a batch that is begun while another is recorded commits or fails by itself, and so does the other',
      clause: 'atomically: commits what is recorded on its batch, all of it or nothing',
      asserts: 11,
      async run({ storage, id, assert }) {
        const { context, intentRetry } = storage
        const [one, two, three] = [id('one'), id('two'), id('three')]
        const inner: Promise<unknown[]>[] = []
        const outer = await storage.atomically((batch) => {
          batch.context.setSession(one, '1')
          inner.push(
            storage.atomically((other) => {
              other.context.setState(one, '2')
              batch.context.setSession(two, '3') // the outer one still records
              other.intentRetry.increment(one)
            }),
          )
          batch.intentRetry.increment(one)
        })
        const results = [outer, await inner[0]]
        assert.equal(
          results.map((answers) => answers?.length),
          [3, 2],
          'how many answers each has',
        )
        const counts = results.map((answers) => answers?.at(-1))
        assert.equal(new Set(counts).size, 2, 'each increment has its own answer')
        assert.equal(await intentRetry.getCount(one), 2, 'and is made once')
        const written = [
          await context.getSession(one),
          await context.getState(one),
          await context.getSession(two),
        ]
        assert.equal(written, ['1', '2', '3'], 'what both wrote')

        const failure = new RangeError('no')
        const throwing = storage.atomically((batch) => {
          batch.context.setSession(two, '9')
          inner.push(storage.atomically((other) => other.context.setState(two, '4')))
          throw failure
        })
        assert.ok((await throwing.catch((error: unknown) => error)) === failure, 'the outer one throws')
        assert.equal(await inner[1], [undefined], 'the inner one commits')
        assert.equal(
          [await context.getSession(two), await context.getState(two)],
          ['3', '4'],
          'its write only',
        )

        const going = await storage.atomically((batch) => {
          batch.intentRetry.increment(three)
          const refused = storage.atomically((other) => {
            other.context.setState(three, '5')
            other.expectSession(three, 'never')
          })
          refused.catch(() => {}) // looked at below
          inner.push(refused)
        })
        assert.equal(going, [1], 'the outer one commits')
        await assert.rejects(
          () => inner[2] as Promise<unknown>,
          'STORAGE_CONFLICT',
          'the inner one is refused',
        )
        assert.equal(await context.getState(three), null, 'nothing of the inner one')
        assert.equal(await intentRetry.getCount(three), 1, 'the outer one, once')
      },
    },
  ],
)
