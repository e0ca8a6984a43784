/** An event as its table has it. */
export interface AuditRow {
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: string
  readonly stepId: string
  readonly state: string
  readonly agentId: string | null
  readonly detailsJson: string
}

export const COLUMNS = [
  'seq',
  'dfid',
  'event',
  'timestamp',
  'stepId',
  'state',
  'agentId',
  'detailsJson',
] as const satisfies readonly (keyof AuditRow)[]

/** The table of a log, to whoever has got at the store itself. */
export interface AuditTable {
  /** Takes out the rows of these numbers, and puts in others. */
  replace(seqs: readonly number[], rows: readonly AuditRow[]): Promise<void>
  close(): Promise<void>
}
