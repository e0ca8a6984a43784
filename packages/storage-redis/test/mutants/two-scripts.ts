import { defineBackend } from '@dir/storage-conformance/backend'
import { redisStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient, isWrite, replaced } from './altered-client.ts'

const WRITES = `local told = op[request[at]][request[at + 1]](unpack(request, at + 3, next - 1))`
const KEEPS = `write('HSET', key.calls, handle, cmsgpack.pack({ call, till, together(kept), listed }))`
const MARKS = `write('HSET', key.calls, handle, cmsgpack.pack({ call, till, false, listed }))`
const JUDGES = `local details = refuse and refuse(unpack(request, at + 3, next - 1))`

/** Judges in one script and writes in the next, as if the conditions still held then. */
const client = alteredClient(url, async (text, send) => {
  if (!isWrite(text)) return send(text)
  const judging = [WRITES, KEEPS, MARKS].reduce(
    (lua, part) => replaced(lua, part, part === WRITES ? 'local told' : ''),
    text,
  )
  const judged = (await send(judging)) as [number, string]
  const answers = JSON.parse(judged[1]) as readonly [string][]
  if (answers.some((work) => work[0] !== 'DONE'))
    return [judged[0], JSON.stringify(answers.map((work) => (work[0] === 'DONE' ? ['AGAIN'] : work)))]
  return send(replaced(text, JUDGES, 'local details = nil'))
})

export default defineBackend({
  ...sound,
  name: 'check and write in two scripts',
  open: (namespace, options) => redisStorage({ client, namespace, ...options }),
})
