import path from 'node:path'
import { DeskClient } from './client.ts'
import { loadCreditNotes } from './credit-notes.ts'
import { openDatabase } from './open-database.ts'
import { Payments } from './payments.ts'
import { Process } from './process.ts'
import { type Left, readLeft } from './proofs.ts'
import { type Refund, type Request, isOver } from './refund.ts'

/** The bank takes this one at the third try, and that one never. */
const DECLINES = { C536383: 2, C536379: 1_000 }

interface Stage {
  readonly service: Process
  /** Starts a desk; the one before has ended. */
  readonly open: () => Promise<DeskClient>
  readonly say: (line: string) => void
}

/** Plays a day at the desk. @returns what it left behind. */
export async function playDay(database: string, folder: string, say: Stage['say']): Promise<Left> {
  const [first, second, ...others] = loadCreditNotes()
  if (first === undefined || second === undefined) throw new Error('There are too few credit notes.')
  const plan = [path.join(folder, 'ledger.jsonl'), JSON.stringify(DECLINES)]
  const service = new Process('./payment-service.ts', plan)
  const paymentsUrl = `http://127.0.0.1:${await service.told('port')}`
  const env = { DATABASE: database, PAYMENTS_URL: paymentsUrl }
  const stage = { service, open: () => DeskClient.start(env), say }

  const opened = await stage.open()
  await askTwice(stage, opened, others)
  const again = await killInPayout(stage, opened, first, others)
  const last = await closeInPayout(stage, again, second)
  say(`  ended by ${await last.process.end('SIGTERM')}`)

  const shop = await openDatabase(database)
  try {
    return await readLeft(shop, new Payments(paymentsUrl))
  } finally {
    await shop.close()
  }
}

async function askTwice({ say }: Stage, desk: DeskClient, notes: readonly Request[]): Promise<void> {
  say('Refunds are asked for, each twice at the same time:')
  const answers = await Promise.all(notes.map((note) => Promise.all([desk.ask(note), desk.ask(note)])))
  for (const [refund] of answers) say(lineOf(refund))
}

async function killInPayout(
  { service, open, say }: Stage,
  desk: DeskClient,
  note: Request,
  others: readonly Request[],
): Promise<DeskClient> {
  say('A human decides on the large ones, while another payout is under way:')
  await tell(service, { hold: note.id })
  const answered = isAnswered(desk.ask(note))
  await service.told('held')
  const waiting = new Set<string>()
  for (const { dfid, proposal } of await desk.waiting()) {
    const decision = proposal.pence < 1_000_00 ? 'APPROVED' : 'REFUSED'
    const refund = await desk.decide(dfid, { decision, by: 'head-of-service' })
    if (!isOver(refund)) waiting.add(dfid)
    say(lineOf(refund))
  }
  say('The desk is killed in the middle of that payout; the service has paid it. Another desk starts:')
  say(`  ended by ${await desk.process.end('SIGKILL')}, ${await answered} of ${note.id}`)
  await tell(service, { release: note.id })
  const next = await open()
  await next.process.told('tookUp')
  say(lineOf(await next.find(note.id)))
  for (const other of others) if (waiting.has(other.id)) say(lineOf(await next.ask(other)))
  return next
}

async function closeInPayout(
  { service, open, say }: Stage,
  desk: DeskClient,
  note: Request,
): Promise<DeskClient> {
  say('The desk is told to close in the middle of a payout, and finishes it. Another desk starts:')
  await tell(service, { hold: note.id })
  const answered = isAnswered(desk.ask(note))
  await service.told('held')
  const ended = desk.process.end('SIGTERM')
  await desk.process.told('closing')
  await tell(service, { release: note.id })
  say(`  ended by ${await ended}, ${await answered} of ${note.id}`)
  const next = await open()
  await next.process.told('tookUp')
  say(lineOf(await next.find(note.id)))
  return next
}

/** Whoever asked does not know. */
function isAnswered(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => 'with an answer to the caller',
    () => 'with no answer to the caller',
  )
}

/** Has the service keep its answers about a refund to itself (it pays all the same), or let them go. */
async function tell(service: Process, message: { hold: string } | { release: string }): Promise<void> {
  service.tell(message)
  await service.told('done')
}

function lineOf({ id, pence, status, payment_id, declined }: Refund): string {
  const pounds = (pence / 100).toLocaleString('en-GB', { style: 'currency', currency: 'GBP' })
  const notes = [payment_id ?? '', declined > 0 ? `declined ${declined} times` : '']
  const text = notes.filter((note) => note !== '').join(', ')
  return `  ${id}  ${pounds.padStart(12)}  ${status.padEnd(9)}  ${text}`.trimEnd()
}
