import type { Protocol } from '@dir/storage-core'
import { PAGES, PLACE } from './lua.ts'
import { CALL, META } from './meta.ts'
import { PARTS } from './parts.ts'
import { type Script, type ScriptPart, composeScript } from './script.ts'

/** All that a reader needs of `META`: each key costs a look at its type. */
const PLACE_OF: ScriptPart = { ...META, keys: { meta: 'hash' } }

/** Tells the server's clock, and reaches the node that has the namespace. */
export const clockScript: Script = composeScript([PLACE_OF], [], 'return now_micros', 'no-writes')

const scripts = new Map<Protocol, Script>()

/** Runs one function of a protocol that only reads. */
export function readScript(protocol: Protocol): Script {
  let script = scripts.get(protocol)
  if (script === undefined) {
    const part = PARTS[protocol]
    script = composeScript([PLACE_OF, part], [PLACE, PAGES, ...part.read], CALL, 'no-writes')
    scripts.set(protocol, script)
  }
  return script
}
