import { CAPABILITIES, type Capability, PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'
import { concerns } from './level.ts'
import { gives } from './open.ts'

/** What is wrong with what a module says of its backend, each in a sentence. */
export function wrongClaims(backend: Backend): string[] {
  const { name, version, protocols } = backend as { [M in keyof Backend]?: unknown }
  const claims = (backend.claims ?? {}) as Readonly<Record<string, unknown>>
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
  const isList = Array.isArray(protocols) && protocols.length > 0
  const strangers = isList ? protocols.filter((one) => !(PROTOCOLS as readonly unknown[]).includes(one)) : []
  const unknown = Object.keys(claims).filter((one) => !(CAPABILITIES as readonly string[]).includes(one))
  const concerning = CAPABILITIES.filter((one) => strangers.length > 0 || concerns(backend, one))
  return [
    ...(isText(name) && isText(version) ? [] : ['name and version must be texts.']),
    ...(protocols === undefined || isList ? [] : ['protocols must be a list of at least one, or left out.']),
    ...strangers.map(
      (one) => `There is no protocol ${JSON.stringify(one)}; they are ${PROTOCOLS.join(', ')}.`,
    ),
    ...(claims['join'] === true && backend.openTransaction === undefined
      ? ['join is claimed, and the module has no openTransaction() to try it with.']
      : []),
    ...unknown.map((one) => `There is no capability ${JSON.stringify(one)} to claim.`),
    ...concerning.flatMap((one) => {
      if (claims[one] === undefined)
        return [`claims says nothing of ${one}: true, or a text that says why not.`]
      return claims[one] === true || isText(claims[one])
        ? []
        : [`claims.${one} must be true, or a text that says why not.`]
    }),
  ]
}

/** Where the claims say otherwise than the `capabilities` of a handle, each in a sentence. */
export function contradictedClaims(backend: Backend, handle: StorageHandle): string[] {
  if (!gives(handle, 'capabilities')) return []
  const claimed = (one: Capability): boolean => backend.claims[one] === true
  const has = (one: Capability): boolean => handle.capabilities.has(one)
  return CAPABILITIES.filter((one) => concerns(backend, one) && claimed(one) !== has(one)).map((one) =>
    claimed(one)
      ? `${one} is claimed, and the handle’s capabilities lack it.`
      : `${one} is not claimed, and the handle’s capabilities have it.`,
  )
}
