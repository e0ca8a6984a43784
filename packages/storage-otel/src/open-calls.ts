import type { CallMessage, WaitMessage } from '@dir/storage-core'
import type { Span } from '@opentelemetry/api'

interface OpenCall {
  readonly span: Span
  /** How long it has waited so far, in milliseconds. */
  readonly waited: Record<WaitMessage['phase'], number>
}

/** The spans of calls that are under way. */
export class OpenCalls {
  readonly #calls = new WeakMap<CallMessage, OpenCall>()

  add(call: CallMessage, span: Span): void {
    this.#calls.set(call, { span, waited: { queue: 0, access: 0 } })
  }

  /** Undefined: it began before anybody listened. */
  get(call: CallMessage): OpenCall | undefined {
    return this.#calls.get(call)
  }
}
