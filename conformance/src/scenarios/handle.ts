/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { flat, seedCalls } from './every-call.ts'
import { brief, group, range } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'

/** The seed methods that answer nothing. */
const SILENT = [
  ...['initSchema', 'upsertAgent', 'setSession', 'setState', 'set', 'markDirty', 'clearDirty', 'release'],
  ...['setCount', 'delete', 'recordBudgetToken', 'insertRequest', 'recordTransition'],
]

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: PROTOCOLS }, [
  {
    id: 'handle/every-method-answers-with-a-promise',
    title: 'every method of the nine is there and answers with a promise, of nothing where nothing is named',
    clause: 'every method returns a Promise; methods for which no return value is named return nothing',
    asserts: 74,
    async run({ storage, id, assert }) {
      for (const [protocol, method, call] of flat(seedCalls(storage, id('everything')))) {
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
    asserts: 2,
    async run({ storage, open, assert }) {
      const others = await Promise.all(range(4).map(() => open()))
      await Promise.all([storage, ...others].flatMap((handle) => [handle.init(), handle.init()]))
      await storage.context.setSession('flow', '1')
      await storage.init()
      await Promise.all([others[0]?.context.initSchema(), others[1]?.saga.initSchema(), others[2]?.init()])
      assert.equal(await storage.context.getSession('flow'), '1', 'what was stored')
      assert.equal(await others[3]?.context.getSession('flow'), '1', 'the same for another handle')
    },
  },
  {
    id: 'handle/the-first-call-initialises',
    title: 'calls on a handle and a store that are both new create the store first, and keep their order',
    clause: 'a call made before init() runs it first, once',
    asserts: 9,
    async run({ open, freshNamespace, id, assert }) {
      const kinds = new Map(RECORD_KINDS.map((kind) => [kind.protocol, kind]))
      for (const [protocol, kind] of kinds) {
        const fresh = await open({ namespace: freshNamespace() })
        const [mine, other] = [id('mine'), id('other')]
        const [, , seen] = await Promise.all([
          kind.write(fresh, mine, 1, other),
          kind.write(fresh, mine, 2, other),
          kind.read(fresh, mine, other),
        ])
        assert.equal(seen, kind.after(1, 2), protocol)
      }
    },
  },
  {
    id: 'handle/init-false-creates-nothing',
    title: 'a handle with init: false refuses a store that is not there, and works on one that is',
    clause: 'init: false creates nothing (a missing schema is the schema error)',
    asserts: 4,
    async run({ open, freshNamespace, assert }) {
      const namespace = freshNamespace()
      const cautious = await open({ namespace, init: false })
      await assert.rejects(() => cautious.init(), 'STORAGE_SCHEMA', 'init', { retryable: false })
      await assert.rejects(() => cautious.context.setSession('flow', '1'), 'STORAGE_SCHEMA', 'a write')
      const other = await open({ namespace, init: false })
      await assert.rejects(
        () => other.context.getSession('flow'),
        'STORAGE_SCHEMA',
        'a read; nothing was created',
      )
      await (await open({ namespace })).context.setSession('flow', '2')
      assert.equal(await cautious.context.getSession('flow'), '2', 'once another handle has created it')
    },
  },
  {
    id: 'handle/options-are-checked',
    title: 'options that break their rule are refused by name',
    clause:
      'options objects: own known keys only; operationTimeoutMs, maxValueBytes and init have their rules',
    asserts: 20,
    async run({ open, assert }) {
      for (const [argument, values] of [
        ['operationTimeoutMs', [0, -1, 1.5, Number.NaN, Infinity, '5', null, 2 ** 31]],
        ['maxValueBytes', [0, -1, 1.5, Number.NaN, Infinity, '5', null]],
        ['init', [null, 0, 'no', {}]],
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
