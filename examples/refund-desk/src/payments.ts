import { z } from 'zod'

const Payment = z.object({ key: z.string(), paymentId: z.string(), reference: z.string(), pence: z.number() })
export type Payment = z.infer<typeof Payment>
const MOST_MS = 30_000
const Declined = z.object({ declined: z.string() })

/** The payment service, over HTTP. It pays once per key, however often it is asked, and can tell what it paid. */
export class Payments {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Whatever this throws, the service may have paid: the same key is asked for again, or looked up. */
  async pay(
    key: string,
    what: { readonly reference: string; readonly pence: number },
    signal: AbortSignal,
  ): Promise<Payment | z.infer<typeof Declined>> {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)])
    const answer = await fetch(this.#at(key), { method: 'PUT', body: JSON.stringify(what), signal: ends })
    if (answer.status === 402) return Declined.parse(await answer.json())
    return Payment.parse(await bodyOf(answer))
  }

  async find(key: string): Promise<Payment | null> {
    const answer = await fetch(this.#at(key), { signal: AbortSignal.timeout(MOST_MS) })
    return answer.status === 404 ? null : Payment.parse(await bodyOf(answer))
  }

  /** Its ledger. */
  async all(): Promise<Payment[]> {
    return z.array(Payment).parse(await bodyOf(await fetch(this.#at(''))))
  }

  /** How often it was asked to pay, by reference. */
  async asked(): Promise<Record<string, number>> {
    const answer = await fetch(new URL('/asked', this.#url))
    return z.record(z.string(), z.number()).parse(await bodyOf(answer))
  }

  #at(key: string): URL {
    return new URL(`/payments/${key}`, this.#url)
  }
}

async function bodyOf(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`The payment service answered ${answer.status}.`)
  return answer.json()
}
