// The words of OpenTelemetry's stable conventions for databases, and those of ours that they have none for.
import type { Attributes } from '@opentelemetry/api'

export const SCOPE = '@dir/storage-otel'

export const DURATION = 'db.client.operation.duration'
/** In seconds, as the conventions recommend. */
export const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

const SYSTEMS: Readonly<Record<string, string>> = { postgres: 'postgresql', mongo: 'mongodb' }

interface Operation {
  readonly backend: string
  readonly namespace: string | null
  readonly method: string
  /** Empty: it is none of a protocol's. */
  readonly protocol: string
}

/** What is known at its start: a sampler decides by it. */
export function attributesOf({ backend, namespace, method, protocol }: Operation): Attributes {
  return {
    'db.system.name': SYSTEMS[backend] ?? backend,
    'db.operation.name': method,
    ...(namespace !== null && { 'db.namespace': namespace }),
    ...(protocol !== '' && { 'db.collection.name': protocol }),
  }
}

export function nameOf({ namespace, method, protocol }: Operation): string {
  const target = protocol === '' ? namespace : protocol
  return target === null ? method : `${method} ${target}`
}

/** The conventions have no batches of one. */
export function batchSize(operations: number | null): Attributes {
  return operations === null || operations < 2 ? {} : { 'db.operation.batch.size': operations }
}

export function failureOf(code: string | null): Attributes {
  return code === null ? {} : { 'error.type': code === 'OTHER' ? '_OTHER' : code }
}
