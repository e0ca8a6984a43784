// Prints the URLs of servers as lines for a shell, and keeps the servers until it is interrupted.
import { once } from 'node:events'
import { SERVER_NAMES } from './index.ts'
import { provide, VARIABLES } from './provide.ts'
import { stopAll } from './together.ts'

const wanted = process.argv.slice(2)
const unknown = wanted.filter((one) => !SERVER_NAMES.some((name) => name === one))
if (unknown.length > 0) {
  console.error(`Usage: node scripts/servers/main.ts [${SERVER_NAMES.join('] [')}]`)
  process.exit(2)
}

const alive = setInterval(() => {}, 1 << 30)
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
const names = SERVER_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name))
const starts = await Promise.allSettled(
  names.map(async (name) => {
    const server = await provide(name)
    console.log(`export ${VARIABLES[name]}='${server.url}'`)
    return server
  }),
)
for (const one of starts)
  if (one.status === 'rejected') console.error(one.reason instanceof Error ? one.reason.message : one.reason)
const servers = starts.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
if (servers.length < names.length) process.exitCode = 1
if (servers.length > 0) {
  console.error('Running until Ctrl-C.')
  await interrupted
  await stopAll(servers)
}
clearInterval(alive)
