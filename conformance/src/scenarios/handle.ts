/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import type { Scenario } from '../scenario.ts'
import { flat, seedCalls } from './every-call.ts'
import { brief, group, range } from './kit.ts'
import { kindsOf } from './record-kinds.ts'

/** The seed methods that answer nothing. */
const SILENT = [
  ...['initSchema', 'upsertAgent', 'setSession', 'setState', 'set', 'markDirty', 'clearDirty', 'release'],
  ...['setCount', 'delete', 'recordBudgetToken', 'insertRequest', 'recordTransition'],
]

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: 'any' }, [
  {
    id: 'handle/every-method-answers-with-a-promise',
    title: 'every method of the nine is there and answers with a promise, of nothing where nothing is named',
    clause: 'every method returns a Promise; methods for which no return value is named return nothing',
    asserts: 74,
    async run({ storage, protocols, id, assert }) {
      for (const [protocol, method, call] of flat(seedCalls(storage, id('everything')), protocols)) {
        const answer = call()
        assert.ok(answer instanceof Promise, `${protocol}.${method} answers with a promise`)
        const value = await answer
        if (SILENT.includes(method)) assert.equal(value, undefined, `the answer of ${protocol}.${method}`)
        else assert.ok(value !== undefined, `the answer of ${protocol}.${method} is not undefined`)
      }
    },
  },
  {
    id: 'handle/init-may-be-repeated',
    title: 'init and initSchema may be called again and at once, and leave what is stored as it is',
    clause: 'init() creates or migrates the schema; it may run twice; initSchema() is the same call',
    needs: 'empty',
    asserts: 18,
    async run({ storage, protocols, open, assert }) {
      const others = await Promise.all(range(4).map(() => open()))
      await Promise.all([storage, ...others].flatMap((handle) => [handle.init(), handle.init()]))
      const kinds = kindsOf(protocols)
      for (const kind of kinds) await kind.write(storage, 'mine', 1, 'other')
      await storage.init()
      const schemas = flat(seedCalls(storage, 'mine'), protocols).filter(([, name]) => name === 'initSchema')
      await Promise.all([...schemas.map(([, , initSchema]) => initSchema()), others[2]?.init()])
      for (const kind of kinds)
        for (const handle of [storage, others[3] ?? storage])
          assert.equal(await kind.read(handle, 'mine', 'other'), kind.after(1), `${kind.name} stays`)
    },
  },
  {
    id: 'handle/the-first-call-initialises',
    title: 'calls on a handle and a store that are both new create the store first, and keep their order',
    clause: 'a call made before init() runs it first, once',
    asserts: 9,
    async run({ protocols, open, freshNamespace, id, assert }) {
      for (const kind of kindsOf(protocols)) {
        const fresh = await open({ namespace: freshNamespace() })
        const [mine, other] = [id('mine'), id('other')]
        const [, , seen] = await Promise.all([
          kind.write(fresh, mine, 1, other),
          kind.write(fresh, mine, 2, other),
          kind.read(fresh, mine, other),
        ])
        assert.equal(seen, kind.after(1, 2), kind.protocol)
      }
    },
  },
  {
    id: 'handle/init-false-creates-nothing',
    title: 'a handle with init: false refuses a store that is not there, and works on one that is',
    clause: 'init: false creates nothing (a missing schema is the schema error)',
    uses: ['init', 'health'],
    asserts: 28,
    async run({ protocols, open, freshNamespace, assert }) {
      const namespace = freshNamespace()
      const cautious = await open({ namespace, init: false })
      await assert.rejects(() => cautious.init(), 'STORAGE_SCHEMA', 'init', { retryable: false })
      const [kinds, other] = [kindsOf(protocols), await open({ namespace, init: false })]
      for (const kind of kinds) {
        const write = () => kind.write(cautious, 'mine', 1, 'other')
        await assert.rejects(write, 'STORAGE_SCHEMA', `a write of ${kind.name}`)
        const read = () => kind.read(other, 'mine', 'other')
        await assert.rejects(read, 'STORAGE_SCHEMA', `a read of ${kind.name}; nothing was created`)
      }
      const creating = await open({ namespace })
      for (const kind of kinds) {
        await kind.write(creating, 'mine', 2, 'other')
        const seen = await kind.read(cautious, 'mine', 'other')
        assert.equal(seen, kind.after(2), `${kind.name}, once another handle has created the store`)
      }
    },
  },
  {
    id: 'handle/options-are-checked',
    title: 'options that break their rule are refused by name',
    clause:
      'options objects: own known keys only; operationTimeoutMs, maxValueBytes, init and numbers have their rules',
    uses: ['init', 'health'],
    asserts: 26,
    async run({ open, assert }) {
      for (const [argument, values] of [
        ['operationTimeoutMs', [0, -1, 1.5, Number.NaN, Infinity, '5', null, 2 ** 31]],
        ['maxValueBytes', [0, -1, 1.5, Number.NaN, Infinity, '5', null]],
        ['init', [null, 0, 'no', {}]],
        ['numbers', [null, 0, '', 'Exact', 'lossless', ['exact']]],
      ] as const)
        for (const value of values)
          await assert.rejects(
            async () => (await open({ [argument]: value })).init(),
            'STORAGE_INVALID_ARGUMENT',
            `${argument}: ${brief(value)}`,
            { argument },
          )
      await assert.rejects(
        async () => (await open({ operationTimeoutMS: 5 } as object)).init(),
        'STORAGE_INVALID_ARGUMENT',
        'a mistyped option',
      )
    },
  },
  {
    id: 'handle/health-tells-of-the-backend',
    title: 'health answers that the backend is well, with its name and facts',
    clause: 'StorageHandle: health()',
    uses: ['health'],
    asserts: 3,
    async run({ storage, assert }) {
      const { ok, backend, details, ...rest } = await storage.health()
      assert.equal([ok, backend, rest], [true, storage.backend, {}], 'the answer')
      assert.ok(storage.backend !== '', 'the backend has a name')
      const plain = Object.values(details).every((fact) =>
        ['string', 'number', 'boolean'].includes(typeof fact),
      )
      assert.ok(plain, 'the facts are plain values')
    },
  },
])
