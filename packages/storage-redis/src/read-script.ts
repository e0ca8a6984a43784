import type { Protocol } from '@dir/storage-core'
import { PAGES } from './lua.ts'
import { REDIS_PROTOCOLS } from './protocols.ts'
import { CALL, PLACE, PLACE_OF } from './schema.ts'
import { type Script, composeScript } from './script.ts'

/** Tells the server's clock, and reaches the node that has the namespace. */
export const clockScript: Script = composeScript([PLACE_OF], [], 'return now_micros', 'no-writes')

const scripts = new Map<Protocol, Script>()

/** Runs one function of a protocol that only reads. */
export function readScript(protocol: Protocol): Script {
  let script = scripts.get(protocol)
  if (script === undefined) {
    const part = REDIS_PROTOCOLS[protocol].script
    script = composeScript([PLACE_OF, part], [PLACE, PAGES, ...part.read], CALL, 'no-writes')
    scripts.set(protocol, script)
  }
  return script
}
