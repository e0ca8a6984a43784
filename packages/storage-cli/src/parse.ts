import { InvalidArgumentError } from 'commander'

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** A span of time such as `90`, `90s`, `15m`, `2h` or `7d`, in seconds. */
export function duration(text: string): number {
  const [, count = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? []
  if (count === '') throw new InvalidArgumentError('It is a span of time such as 90s, 15m, 2h or 7d.')
  return Number(count) * SECONDS[unit as keyof typeof SECONDS]
}

/** A whole number, from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It is a whole number from ${least} on.`)
    return value
  }
}

/** The number of a port. */
export function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('It is a number from 1 to 65535.')
  return value
}

/** Words with commas between them. */
export function words(text: string): readonly string[] {
  const all = text.split(',').map((word) => word.trim())
  if (all.includes('')) throw new InvalidArgumentError('It is a list such as PAID,REFUSED.')
  return all
}

/** One of these words, whatever their case. */
export function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase())
    if (found === undefined) throw new InvalidArgumentError(`It is ${choices.join(' or ')}.`)
    return found
  }
}
