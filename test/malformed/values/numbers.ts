/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import * as bad from '../../../conformance/src/scenarios/bad-values.ts'
import { HOSTILE, REVOKED, type Values, given } from './hostile.ts'

const NO_NUMBER: Values = [
  ...[...HOSTILE.filter((value) => !Object.is(value, -0)), 'NaN', '1e3', ' 1', new Date(Number.NaN)],
]
const { MAX_VALUE, MIN_VALUE } = Number

export const NO_AMOUNT: Values = [...bad.AMOUNT, ...NO_NUMBER, -9_007_199_254, 9_007_199_254.1]
export const NO_INT32: Values = [...bad.INT32, ...NO_NUMBER, 2_147_483_648, -2_147_483_649, -0.5]
export const NO_COUNT: Values = [...bad.COUNT, ...NO_NUMBER, -0.5]
export const NO_SEQUENCE: Values = [...bad.SEQUENCE, ...NO_NUMBER, 2 ** 63, -MIN_VALUE, MAX_VALUE]
export const NO_SECONDS: Values = [...bad.SECONDS, ...NO_NUMBER, 1e9 + 0.1, MAX_VALUE, -MIN_VALUE]
export const NO_DURATION: Values = [...bad.DURATION, ...NO_NUMBER, 1e9 + 0.1, MAX_VALUE]

/** No whole number above 0, for settings that may be left out. */
export const NO_SETTING: Values = given([...bad.SEQUENCE, ...NO_NUMBER, 0, -0, 0.5, -5_000])
export const NO_NUMBERS: Values = [
  ...[
    null,
    0,
    true,
    '',
    'Plain',
    'exact ',
    'lossless',
    {},
    [],
    ['exact'],
    Symbol('exact'),
    Object('exact'),
    REVOKED,
  ],
]
export const NO_BOOLEAN: Values = [
  ...[null, 0, 1, '', 'true', 'false', 5n, {}, [], Symbol('x'), Object(false), REVOKED],
]
