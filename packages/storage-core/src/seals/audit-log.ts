import type { DecisionAuditStorage } from '../protocols/decision-audit.ts'
import { reading, refuse } from '../rules/validate.ts'

/** What has a log: any handle, mix or bundle, that of a transaction too. */
export interface WithAudit {
  readonly decisionAudit: Pick<DecisionAuditStorage, 'events' | 'recordMany'>
}

export type AuditLog = WithAudit['decisionAudit']

export function auditLog(argument: string, value: unknown): AuditLog {
  return reading(argument, () => {
    const log = (value as Partial<WithAudit> | null | undefined)?.decisionAudit
    if (typeof log?.events !== 'function' || typeof log.recordMany !== 'function')
      return refuse(argument, 'must be a storage handle, or have a decisionAudit')
    return log
  })
}
