import { defineBackend } from '@dir/storage-conformance'
import { redisStorage } from '../../src/index.ts'
import sound, { url } from '../backend.ts'
import { alteredClient, isWrite, replaced } from './altered-client.ts'

const WRITES = `answers[i] = op[operation[1]](unpack(operation, 2)) or false`
const KEEPS = `write('HSET', key.calls, handle, cmsgpack.pack({ call, till, kept }))`
const MARKS = `write('HSET', key.calls, handle, cmsgpack.pack({ call, till, false }))`
const JUDGES = `local details = refuse and refuse(unpack(operation, 2))`

/** Judges in one script and writes in the next, as if the conditions still held then. */
const client = alteredClient(url, async (text, send) => {
  if (!isWrite(text)) return send(text)
  const judging = [WRITES, KEEPS, MARKS].reduce((lua, part) => replaced(lua, part, ''), text)
  const judged = (await send(judging)) as [number, [string][]]
  if (judged[1].some((work) => work[0] !== 'DONE')) return judged
  return send(replaced(text, JUDGES, 'local details = nil'))
})

export default defineBackend({
  ...sound,
  name: 'check and write in two scripts',
  open: (namespace, options) => redisStorage({ client, namespace, ...options }),
})
