/** Where a call stands: what its errors, and its messages on the tracing channel, say of themselves. */
export interface Place {
  readonly backend: string
  readonly protocol: string
  readonly method: string
  readonly namespace?: string | undefined
  /** Whether its messages have ids. */
  readonly traceIds?: boolean
}
