import type { Protocol } from '@dir/storage-core'
import { PAGES, PLACE } from './lua.ts'
import { CALL, META } from './meta.ts'
import { PARTS } from './parts.ts'
import { type Script, composeScript } from './script.ts'

/** Tells the server's clock, and reaches the node that has the namespace. */
export const clockScript: Script = composeScript([META], [], 'return now_micros', 'no-writes')

const scripts = new Map<Protocol, Script>()

/** Runs one function of a protocol that only reads. */
export function readScript(protocol: Protocol): Script {
  let script = scripts.get(protocol)
  if (script === undefined) {
    const part = PARTS[protocol]
    script = composeScript([META, part], [PLACE, PAGES, ...part.read], CALL, 'no-writes')
    scripts.set(protocol, script)
  }
  return script
}
