import { UsageError } from '../errors.ts'
import { given } from '../list-command.ts'

const DEFAULT_LIMIT = 200
/** More would help nobody who looks at it, and a store has any number. */
const MOST = 10_000

/** What a request of the page asks for. */
export class Query {
  readonly #params: URLSearchParams

  constructor(params: URLSearchParams) {
    this.#params = params
  }

  /** Undefined where it is missing or empty. */
  text(name: string): string | undefined {
    return this.#params.get(name) || undefined
  }

  /** Those of `names` that are there, under the names that the contract has for them. */
  filter<Names extends Readonly<Record<string, string>>>(names: Names): { [K in keyof Names]?: string } {
    const entries = Object.entries(names).map(([ours, theirs]) => [ours, this.text(theirs)])
    return given(Object.fromEntries(entries) as { [K in keyof Names]?: string })
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${name} is a whole number.`)
    return Number(text)
  }

  /** How many items are asked for. */
  get limit(): number {
    return Math.min(Math.max(this.number('limit') ?? DEFAULT_LIMIT, 1), MOST)
  }
}
