// The rules of objects whose fields are known, one by one; see validate.ts.
import { record } from './objects.ts'
import { options } from './options.ts'
import { optional, refuse } from './validate.ts'

/** Throws for a value that breaks it; `limit` is the largest JSON of one record, in bytes. */
export type Rule<T = unknown> = (argument: string, value: unknown, limit: number) => T
type SmallRule<T = unknown> = (argument: string, value: unknown) => T

/** The rule of a field that may be left out. */
export interface OptionalRule {
  readonly optional: Rule
}

/** `[rule]`: null is allowed too. */
export type FieldRule = Rule | readonly [Rule] | OptionalRule

/** Every field of a type of record with its rule. */
export type RecordRules<R> = {
  readonly [F in Exclude<keyof R, 'type' | 'unfit'>]-?: undefined extends R[F]
    ? OptionalRule
    : null extends R[F]
      ? readonly [Rule]
      : Rule
}

type Checked<R> = R extends Rule<infer T> ? T : R extends readonly [Rule<infer T>] ? T | null : never

/** The members of a plain object, copied, each checked by its rule; any other is refused. */
export function members<R extends Readonly<Record<string, Rule | readonly [Rule]>>>(
  argument: string,
  value: unknown,
  rules: R,
  limit = 0,
): { readonly [F in keyof R]: Checked<R[F]> } {
  const given: Readonly<Record<string, unknown>> = record(argument, value, Object.keys(rules))
  const checked: object = Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [name, checkField(rule, name, given[name], limit)]),
  )
  return checked as { readonly [F in keyof R]: Checked<R[F]> }
}

/** A method's trailing options, each checked by its rule; null where it is left out. */
export function checkedOptions<R extends Readonly<Record<string, SmallRule>>>(
  value: unknown,
  rules: R,
): { readonly [F in keyof R]: Checked<R[F]> | null } {
  const given: Readonly<Record<string, unknown>> = options(value, Object.keys(rules))
  const checked: object = Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [name, optional(rule, name, given[name])]),
  )
  return checked as { readonly [F in keyof R]: Checked<R[F]> | null }
}

/** What the rule of a field makes of its value. */
export function checkField(rule: FieldRule, name: string, value: unknown, limit: number): unknown {
  if (typeof rule === 'function') return rule(name, value, limit)
  if ('optional' in rule) return value === undefined ? value : rule.optional(name, value, limit)
  return value === null ? value : rule[0](name, value, limit)
}

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): SmallRule<T> {
  return (argument, value) =>
    words.find((word) => word === value) ?? refuse(argument, `must be ${words.join(' or ')}`)
}
