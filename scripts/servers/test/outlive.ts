// Starts a server, tells of it, and then ends in the way it was asked to, without stopping the server.
import { type ServerName, start } from '../index.ts'

const [name, end] = process.argv.slice(2)
const server = await start(name as ServerName)
if (end === 'paused') server.pause()
process.stdout.write(`${JSON.stringify({ pid: server.pid, dir: server.dir })}\n`)
if (end !== 'returns') setInterval(() => {}, 1_000)
if (end === 'throws') throw new Error('on purpose')
