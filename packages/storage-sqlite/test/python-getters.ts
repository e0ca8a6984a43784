import { type AuditEvent, type StorageHandle, dumpsJsonDict } from '@dir/storage-core'

/** A getter call as the Python original made it. */
export interface PythonCall {
  readonly storage: string
  readonly method: string
  readonly args: readonly (string | null)[]
  /** The exact text of `json.dumps(value, sort_keys=True, default=str)`; absent if the getter raised. */
  readonly result_json?: string
  readonly contract?: 'exact' | 'order' | 'refused' | 'stored-data-error'
}

type Getter = (storage: StorageHandle, ...args: string[]) => Promise<unknown>

/** Python's getters on our handle, answering in Python's shapes. */
const GETTERS: Readonly<Record<string, Getter>> = {
  'agent_registry.get_agent': async ({ agentRegistry }, id = '') => snake(await agentRegistry.getAgent(id)),
  'agent_registry.get_status': async ({ agentRegistry }, id = '') => {
    const found = await agentRegistry.getStatus(id)
    return found === null ? null : [found.status, found.suspensionReason]
  },
  'agent_registry.list_active_agents': ({ agentRegistry }) => agentRegistry.listActiveAgents(),
  'context.get_session': ({ context }, id = '') => context.getSession(id),
  'context.get_state': ({ context }, id = '') => context.getState(id),
  'idempotency.get': ({ idempotency }, key = '') => idempotency.get(key),
  'decision_audit.events_for_dfid': async ({ decisionAudit }, id = '') =>
    (await decisionAudit.eventsForDfid(id)).map(asPythonHasIt),
  'decision_audit.all_events_chronological': async ({ decisionAudit }) =>
    (await decisionAudit.allEventsChronological()).map(asPythonHasIt),
  'saga.get_dirty_flows': ({ saga }) => saga.getDirtyFlows(),
  'saga.get_dirty_state': async ({ saga }, id = '') => snake(await saga.getDirtyState(id)),
  'resource_lock.get_locked_amount': ({ resourceLock }, id = '', exclude = '') =>
    resourceLock.getLockedAmount(id, exclude),
  'intent_retry.get_count': ({ intentRetry }, id = '') => intentRetry.getCount(id),
  'escalation.get_window_count': ({ escalation }, id = '', since = '') =>
    escalation.getWindowCount(id, since),
  'escalation.get_pending_requests': async ({ escalation }) =>
    (await escalation.getPendingRequests()).map(({ createdAt: _, ...request }) => snake(request)),
}

/** Makes the call on our handle; the answer as Python would print it. */
export async function answerOf(
  storage: StorageHandle,
  { storage: name, method, args }: PythonCall,
): Promise<string> {
  const getter = GETTERS[`${name}.${method}`]
  if (getter === undefined) throw new Error(`no getter for ${name}.${method}`)
  return dumpsJsonDict(await getter(storage, ...(args as string[])))
}

/** It has no `seq` and no agent. */
function asPythonHasIt({ seq: _, agentId: __, ...event }: AuditEvent): unknown {
  return snake(event)
}

/** The names of one level as Python spells them. Of the texts beside parsed values, Python has nothing. */
function snake(value: object | null): unknown {
  if (value === null) return null
  const name = (camel: string): string => camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const members = Object.entries(value).filter(([key]) => !key.endsWith('Json'))
  return Object.fromEntries(members.map(([key, member]) => [name(key), member]))
}
