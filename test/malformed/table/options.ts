import { INVALID, type Method } from '../table.ts'
import * as no from '../values/index.ts'

const notTexts = (values: readonly unknown[]): readonly unknown[] =>
  values.filter((value) => typeof value !== 'string' && value !== undefined)

/** What every factory, and every `dropNamespace`, refuses; `place` names the store: its namespace, its file. */
export function optionsOf(
  place: 'namespace' | 'path',
  good: Readonly<Record<string, unknown>>,
  handle: Readonly<Record<string, unknown>>,
): Readonly<Record<'factory' | 'dropNamespace', Method>> {
  const names = place === 'path' ? no.NO_PATH : no.NO_NAMESPACE
  return {
    factory: [
      [{ ...good, ...handle }],
      ['0', notTexts(no.NO_RECORD), 'options', INVALID],
      ['0', no.unknown(good), 'options', INVALID],
      [`0.${place}`, names, place, INVALID],
      ['0.operationTimeoutMs', no.NO_SETTING, 'operationTimeoutMs', INVALID],
      ['0.maxValueBytes', no.NO_SETTING, 'maxValueBytes', INVALID],
      ['0.init', no.NO_BOOLEAN, 'init', INVALID],
      ['0.numbers', no.NO_NUMBERS, 'numbers', INVALID],
      ['0.traceIds', no.NO_BOOLEAN, 'traceIds', INVALID],
    ],
    dropNamespace: [
      [good],
      ['0', notTexts(no.NO_RECORD), 'options', INVALID],
      ['0', no.unknown(good), 'options', INVALID],
      [`0.${place}`, names, place, INVALID],
    ],
  }
}
