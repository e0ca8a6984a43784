import { connect } from 'node:net'

const ANSWER_MS = 2_000

/** Sends one command over a connection of its own, and gives the reply as Redis writes it, less its first sign. */
export function redisCommand(url: string, ...words: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`Redis on port ${port} does not answer`)))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`Redis on port ${port} closed the connection`)))
    let reply = ''
    socket.on('data', (data) => {
      reply += data.toString()
      if (!isWhole(reply)) return
      socket.destroy()
      const rest = reply.slice(1).trimEnd()
      if (reply.startsWith('-')) reject(new Error(rest))
      else resolve(rest)
    })
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
    socket.write(`*${words.length}\r\n${parts.join('')}`)
  })
}

/** Lines, strings with their length, and flat lists of strings; counted in ASCII. */
function isWhole(reply: string): boolean {
  const [, kind, count] = /^([-+:$*])(.*)\r\n/.exec(reply) ?? []
  if (kind === undefined) return false
  if (kind === '$') return count === '-1' || reply.length >= 1 + String(count).length + 4 + Number(count)
  if (kind === '*') return reply.split('\r\n').length > 2 * Number(count) + 1
  return true
}
