import { z } from 'zod'
import { Process } from './process.ts'
import { type Decision, Refund, type Request } from './refund.ts'

const Waiting = z.array(z.object({ dfid: z.string(), proposal: z.object({ pence: z.number() }) }))

/** A desk in a process of its own, and what its callers say to it. */
export class DeskClient {
  readonly process: Process
  readonly #url: string

  private constructor(process: Process, port: string | number | boolean) {
    this.process = process
    this.#url = `http://127.0.0.1:${port}`
  }

  static async start(env: Readonly<Record<string, string>>): Promise<DeskClient> {
    const process = new Process('./server.ts', [], env)
    return new DeskClient(process, await process.told('port'))
  }

  async ask(request: Request): Promise<Refund> {
    return Refund.parse(await this.#call('/refunds', request))
  }

  async find(id: string): Promise<Refund> {
    return Refund.parse(await this.#call(`/refunds/${id}`))
  }

  async decide(id: string, decision: Decision): Promise<Refund> {
    return Refund.parse(await this.#call(`/refunds/${id}/decision`, decision))
  }

  async waiting(): Promise<z.infer<typeof Waiting>> {
    return Waiting.parse(await this.#call('/requests'))
  }

  async #call(path: string, body?: unknown): Promise<unknown> {
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(this.#url + path, post)
    if (!answer.ok) throw new Error(`The desk answered ${answer.status} to ${path}: ${await answer.text()}`)
    return answer.json()
  }
}
