import type { StoredRequest } from '@dir/storage-core'
import type { Database } from './database.ts'
import { move, open } from './move.ts'
import type { Payments } from './payments.ts'
import { AGENT, CONTRACT, type Decision, Refund, type Request, type Status } from './refund.ts'
import { check, pay, reserve } from './steps.ts'

/** The agent. Each refund is a flow whose next step follows from its row, so anybody can take up what others left. */
export class Desk {
  readonly #database: Database
  readonly #payments: Payments
  /** Hears what goes wrong where nobody waits for an answer. */
  readonly #report: (error: unknown) => void
  #background: Promise<unknown> = Promise.resolve()

  constructor(database: Database, payments: Payments, report: (error: unknown) => void) {
    this.#database = database
    this.#payments = payments
    this.#report = report
  }

  async register(): Promise<void> {
    const agent = { agentId: AGENT, contractJson: JSON.stringify(CONTRACT), priority: 1, status: 'ACTIVE' }
    await this.#database.storage.agentRegistry.upsertAgent({
      ...agent,
      agentVersion: '1',
      sessionToken: null,
    })
  }

  /** Takes up whatever is in one of these statuses, at the same time, until it is over or has to wait. */
  async takeUp(...statuses: readonly Status[]): Promise<void> {
    try {
      const unfinished = `SELECT * FROM refunds WHERE status NOT IN ('PAID', 'REFUSED') ORDER BY seq`
      const all = Refund.array().parse(await this.#database.query(unfinished))
      const some = all.filter(({ status }) => statuses.includes(status))
      await Promise.all(some.map(({ id }) => this.#advance(id).catch(this.#report)))
    } catch (error) {
      this.#report(error)
    }
  }

  /** Asks for a refund; the first request of an id stands. @returns how far it came. */
  async ask(request: Request): Promise<Refund | null> {
    const pence = request.lines.reduce((sum, { quantity, unitPence }) => sum + quantity * unitPence, 0)
    await open(this.#database, request, pence)
    return this.#advance(request.id)
  }

  async find(id: string): Promise<Refund | null> {
    const [row] = await this.#database.query('SELECT * FROM refunds WHERE id = $1', id)
    return row === undefined ? null : Refund.parse(row)
  }

  waiting(): AsyncIterable<StoredRequest> {
    return this.#database.storage.escalation.listRequests({ status: 'PENDING' })
  }

  /** What a human says of a refund that waits for one; the first decision stands. */
  async decide(id: string, { decision, by }: Decision): Promise<Refund | null> {
    const refund = await this.find(id)
    if (refund?.status !== 'ESCALATED') return refund
    await move(this.#database, refund, { resolvedBy: by }, async ({ escalation }) => {
      const now = new Date().toISOString()
      return (await escalation.resolveRequest(id, now, decision, null, { resolvedBy: by })) ? decision : null
    })
    return this.#advance(id)
  }

  /** Waits for what nobody else waits for. */
  async idle(): Promise<void> {
    await this.#background
  }

  async #advance(id: string): Promise<Refund | null> {
    for (;;) {
      const refund = await this.find(id)
      if (refund === null || !(await this.#step(refund))) return refund
    }
  }

  /** @returns false where there is nothing to do now. */
  async #step(refund: Refund): Promise<boolean> {
    switch (refund.status) {
      case 'ASKED':
        await check(this.#database, refund)
        return true
      case 'APPROVED':
        return reserve(this.#database, refund)
      case 'RESERVED':
        await pay(this.#database, this.#payments, refund)
        // there is cash again, and nobody has to wait for what others do with it
        this.#background = Promise.all([this.#background, this.takeUp('APPROVED')]).then(() => {})
        return true
      default:
        return false
    }
  }
}
