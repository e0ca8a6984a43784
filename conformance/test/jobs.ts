import type { JobContext } from '../src/processes.ts'

// What the processes of processes.test.ts do.

export async function tell({ storage, args, random }: JobContext): Promise<unknown> {
  await storage.context.setSession('a', '"written"')
  const session: unknown = JSON.parse((await storage.context.getSession('a')) ?? 'null')
  return { n: args['n'], session, pid: process.pid, drawn: random() }
}

export async function acknowledge({ ack }: JobContext): Promise<void> {
  for (let n = 0; ; n++) {
    ack(n)
    await new Promise(setImmediate)
  }
}

export async function complain(): Promise<never> {
  throw new TypeError('it cannot be done')
}
