import { PROTOCOLS } from '@dir/storage-core'
import type { Methods, Table } from '../table.ts'

/** Each protocol's is in the file that has its name. */
const tables = PROTOCOLS.map(async (protocol) => {
  const name = protocol.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const file = (await import(`../table/${name}.ts`)) as Readonly<Record<string, Methods>>
  return [protocol, file[protocol]] as const
})

export const TABLE = Object.fromEntries(await Promise.all(tables)) as Table

/** Methods that take no argument. */
export const WITHOUT_ARGUMENTS: readonly string[] = [
  'agentRegistry.initSchema',
  'agentRegistry.listActiveAgents',
  'context.initSchema',
  'decisionAudit.initSchema',
  'decisionAudit.allEventsChronological',
  'saga.initSchema',
  'saga.getDirtyFlows',
  'resourceLock.initSchema',
  'escalation.initSchema',
  'escalation.getPendingRequests',
]
