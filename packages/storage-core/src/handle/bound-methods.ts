import { DEFINITIONS, type Protocol } from '../protocols/index.ts'
import type { AnyMethods, AnyRunner } from '../protocols/protocol.ts'

/** Makes the runner of one public method, which knows its name. */
export type RunnerFor = (protocol: Protocol, method: string) => AnyRunner

type MethodsOn = (run: AnyRunner) => AnyMethods

/** The public methods of a protocol by name. */
export function bindMethods(protocol: Protocol, runnerFor: RunnerFor): AnyMethods {
  const { methods } = DEFINITIONS[protocol]
  return bind(namesOf(methods), methods, (name) => runnerFor(protocol, name))
}

/** What a batch takes of a protocol: some of its methods, and conditions of its own. */
export function namesInBatch(protocol: Protocol): Record<'methods' | 'conditions', readonly string[]> {
  const { batch, conditions } = DEFINITIONS[protocol]
  return { methods: batch, conditions: conditions === undefined ? [] : namesOf(conditions) }
}

/** All of that by name. */
export function bindForBatch(protocol: Protocol, runnerFor: RunnerFor): AnyMethods {
  const { methods, conditions = () => ({}) } = DEFINITIONS[protocol]
  const names = namesInBatch(protocol)
  const both: MethodsOn = (run) => ({ ...methods(run), ...conditions(run) })
  return bind([...names.methods, ...names.conditions], both, (name) => runnerFor(protocol, name))
}

function namesOf(methodsOn: MethodsOn): readonly string[] {
  return Object.keys(methodsOn({} as AnyRunner)) // used only when one of them is called
}

function bind(
  names: readonly string[],
  methodsOn: MethodsOn,
  runnerFor: (name: string) => AnyRunner,
): AnyMethods {
  return Object.fromEntries(
    names.flatMap((name) => {
      const method = methodsOn(runnerFor(name))[name]
      return method === undefined ? [] : [[name, method]]
    }),
  )
}
