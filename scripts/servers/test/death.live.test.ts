import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SERVER_NAMES, type ServerName } from '../index.ts'
import { withOwnServer } from '../live.ts'
import { tracesInTheEnd } from './traces.ts'

const script = fileURLToPath(new URL('outlive.ts', import.meta.url))

const ends = {
  returns: null,
  throws: null,
  terminated: 'SIGTERM',
  interrupted: 'SIGINT',
  killed: 'SIGKILL',
  paused: 'SIGKILL',
} as const

const survives = async (name: ServerName, end: keyof typeof ends): Promise<string[]> => {
  const parent = spawn(process.execPath, [script, name, end], { stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = once(parent, 'exit')
  const [line] = await once(parent.stdout, 'data')
  const server: { pid: number; dir: string } = JSON.parse(String(line))
  const signal = ends[end]
  if (signal !== null) parent.kill(signal)
  await gone
  return tracesInTheEnd(server)
}

withOwnServer('redis', () => {
  for (const end of ['returns', 'throws', 'terminated', 'interrupted'] as const)
    test(`goes together with the process that started it: ${end}`, async () => {
      expect(await survives('redis', end)).toEqual([])
    })
})

for (const name of SERVER_NAMES)
  withOwnServer(name, () => {
    for (const end of ['killed', 'paused'] as const)
      test(`goes together with the process that started it: ${end}`, async () => {
        expect(await survives(name, end)).toEqual([])
      })
  })
