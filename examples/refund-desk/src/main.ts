import { parseArgs } from 'node:util'
import { NoServerError } from '../../../scripts/servers/index.ts'
import { playDay } from './day.ts'
import { BACKENDS, type Backend, withPlace } from './place.ts'
import { Process } from './process.ts'
import { type Left, prove } from './proofs.ts'

const USAGE = `Usage: npm run refund-desk -- [--backend ${BACKENDS.join('|')}]
Plays a short day at a refund desk, with a crash in the middle of a payout, and checks what it left behind.
PostgreSQL is the one that STORAGE_POSTGRES_URL names, or one that is started for the run.`

function readBackend(): Backend | null {
  try {
    const { backend } = parseArgs({ options: { backend: { type: 'string', default: 'sqlite' } } }).values
    return BACKENDS.find((name) => name === backend) ?? null
  } catch {
    return null
  }
}

/** Says what was left and what was proved. @returns whether all of it holds. */
function report(left: Left): boolean {
  const { refunds, events, payments } = left
  const settled = events.filter(({ event }) => event === 'SETTLED').map(({ dfid }) => dfid)
  console.log(`\n${refunds.length} refunds, ${events.length} events, ${payments.length} payments are left`)
  console.log(`Of a payout that was broken off, the service was asked what happened: ${settled.join(', ')}`)
  const proofs = [...prove(left)]
  for (const [title, wrong] of proofs)
    console.log(
      `  ${wrong.length === 0 ? 'holds ' : 'FAILED'}  ${title}${wrong.map((id) => ` ${id}`).join('')}`,
    )
  return proofs.every(([, wrong]) => wrong.length === 0)
}

async function main(): Promise<number> {
  const backend = readBackend()
  if (backend === null) {
    console.error(USAGE)
    return 2
  }
  let interrupted = 0
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => {
      interrupted = code
      void Process.endAll() // what waits for one of them fails, and so the day
    })
  try {
    return await withPlace(backend, async (database, folder) => {
      try {
        return report(await playDay(database, folder, console.log)) ? 0 : 1
      } finally {
        await Process.endAll()
      }
    })
  } catch (error) {
    console.error(interrupted > 0 ? 'Interrupted.' : error instanceof NoServerError ? error.message : error)
    return interrupted || 1
  }
}

process.exitCode = await main()
