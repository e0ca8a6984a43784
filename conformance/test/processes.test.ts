import { afterEach, expect, test } from 'vitest'
import { createProcesses } from '../src/processes.ts'
import { MEMORY_URL } from './memory.ts'

const processes = createProcesses({
  backend: MEMORY_URL,
  namespace: 'processes',
  seed: 1,
  scenario: 'test/processes',
  timeoutMs: 10_000,
})

const job = (run: string, args = {}) => ({ module: new URL('jobs.ts', import.meta.url).href, run, args })

afterEach(() => processes.end())

test('jobs run in processes of their own, and their answers come in their order', async () => {
  const answers = (await processes.run([job('tell', { n: 1n }), job('tell', { n: -0 })])) as Record<
    string,
    unknown
  >[]
  expect(answers.map(({ n, session }) => [n, session])).toEqual([
    [1n, 'written'],
    [-0, 'written'],
  ])
  expect(new Set([process.pid, ...answers.map(({ pid }) => pid)]).size).toBe(3)
  expect(answers[0]?.['drawn']).not.toBe(answers[1]?.['drawn'])
})

test('a process that is killed has told what it acknowledged, and answers nothing', async () => {
  const [running] = await processes.start([job('acknowledge')])
  const enough = new Promise<void>((resolve) => running?.onAck((_, count) => count === 20 && resolve()))
  running?.go()
  await enough
  await running?.kill()
  expect(running?.acks.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  await expect(running?.answer).rejects.toThrow('ended before it answered (exit code null, signal SIGKILL)')
})

test('what a job throws is an error here', async () => {
  await expect(processes.run([job('complain')])).rejects.toThrow('it cannot be done')
  await expect(processes.run([job('nothing')])).rejects.toThrow('exports no function nothing')
})
