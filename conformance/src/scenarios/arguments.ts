import { PROTOCOLS, type Protocol, type StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { BAD_SEED_ARGUMENTS } from './bad-arguments.ts'
import type { BadArguments } from './bad-records.ts'
import { BAD_ATOMIC_ARGUMENTS, BAD_LEASE_ARGUMENTS } from './bad-verb-arguments.ts'
import { answerOf, brief } from './kit.ts'
import { RECORD_KINDS } from './record-kinds.ts'

interface BadCall {
  readonly method: string
  readonly argument: string
  readonly value: unknown
  /** The arguments, one of them bad. */
  readonly args: readonly unknown[]
}

/** `value` in the place of the argument, or of the member of the argument, that has this name. */
function spoiled(args: readonly unknown[], position: number, name: string, value: unknown): unknown[] {
  const good = args[position]
  const isMember = typeof good === 'object' && good !== null && Object.hasOwn(good, name)
  return args.with(position, isMember ? { ...good, [name]: value } : value)
}

function badCalls(table: BadArguments, protocol: Protocol): BadCall[] {
  return Object.entries(table[protocol] ?? {}).flatMap(([method, [args, ...rules]]) =>
    rules.flatMap((rule, position) =>
      Object.entries(rule).flatMap(([argument, values]) =>
        values.map((value) => ({ method, argument, value, args: spoiled(args, position, argument, value) })),
      ),
    ),
  )
}

/** Everything of a protocol that can be seen, once each kind of record was written. */
async function everything(storage: StorageHandle, protocol: Protocol): Promise<unknown> {
  const kinds = RECORD_KINDS.filter((kind) => kind.protocol === protocol)
  const seen = await Promise.all(
    kinds.flatMap((kind) => ['one', 'two', 'other'].map((id) => kind.read(storage, id, 'other'))),
  )
  const exported = storage.capabilities.has('export') ? await Array.fromAsync(storage.exportRecords()) : []
  return [seen, exported]
}

function call(storage: StorageHandle, protocol: Protocol, { method, args }: BadCall): Promise<unknown> {
  // The types would not let these arguments through, which is the point.
  const store = storage[protocol] as unknown as Record<string, (...given: readonly unknown[]) => unknown>
  return answerOf(store[method]?.(...args))
}

const scenariosOf = (
  words: string,
  table: BadArguments,
  rest: Pick<Scenario, 'level' | 'capabilities'>,
): readonly Scenario[] =>
  PROTOCOLS.filter((protocol) => table[protocol] !== undefined).map((protocol) => {
    const calls = badCalls(table, protocol)
    return {
      id: `arguments/${words}-of-${protocol}`,
      title: `each malformed argument of the ${words} of ${protocol} is refused by name, and changes nothing`,
      clause:
        'validation: before any I/O, identical for all; the same wrong input gives the same code and argument',
      ...rest,
      protocols: [protocol],
      needs: 'empty',
      asserts: calls.length + 1,
      async run({ storage, assert }) {
        for (const kind of RECORD_KINDS.filter((one) => one.protocol === protocol)) {
          await kind.write(storage, 'one', 1, 'other')
          await kind.write(storage, 'two', 2, 'other')
        }
        const before = await everything(storage, protocol)
        for (const bad of calls) {
          const what = `${protocol}.${bad.method} with ${bad.argument}: ${brief(bad.value)}`
          await assert.rejects(() => call(storage, protocol, bad), 'STORAGE_INVALID_ARGUMENT', what, {
            argument: bad.argument,
            protocol,
            operation: bad.method,
            outcome: 'not-applied',
          })
        }
        assert.equal(await everything(storage, protocol), before, `all that ${protocol} holds`)
      },
    }
  })

/** Per protocol, every argument of every method against everything that breaks its rule. */
export const scenarios: readonly Scenario[] = [
  ...scenariosOf('methods', BAD_SEED_ARGUMENTS, { level: 'seed' }),
  ...scenariosOf('verbs', BAD_ATOMIC_ARGUMENTS, { level: 'atomic' }),
  ...scenariosOf('leases', BAD_LEASE_ARGUMENTS, { level: 'atomic', capabilities: ['leases'] }),
]
