import { INVALID, type Methods, TOO_LARGE } from '../table.ts'
import * as no from '../values/index.ts'

const AGENT = {
  agentId: 'agent',
  contractJson: '{"role": "trader"}',
  priority: 5,
  status: 'ACTIVE',
  agentVersion: '1.0',
  sessionToken: 'session-1',
}

export const agentRegistry: Methods = {
  upsertAgent: [
    [AGENT],
    ['0', no.NO_RECORD, 'agent', INVALID],
    ['0', no.unknown(AGENT), 'agent', INVALID],
    ['0.agentId', no.NO_ID, 'agentId', INVALID],
    ['0.contractJson', no.NO_JSON, 'contractJson', INVALID],
    ['0.contractJson', no.LARGE_JSON, 'contractJson', TOO_LARGE],
    ['0.priority', no.NO_INT32, 'priority', INVALID],
    ['0.status', no.NO_TEXT, 'status', INVALID],
    ['0.agentVersion', no.NO_TEXT_OR_NULL, 'agentVersion', INVALID],
    ['0.sessionToken', no.NO_TEXT_OR_NULL, 'sessionToken', INVALID],
  ],
  getAgent: [['agent'], ['0', no.NO_ID, 'agentId', INVALID]],
  updateStatus: [
    ['agent', 'SUSPENDED', 'by hand'],
    ['0', no.NO_ID, 'agentId', INVALID],
    ['1', no.NO_TEXT, 'status', INVALID],
    ['2', no.NO_TEXT_OR_NULL, 'suspensionReason', INVALID],
  ],
  getStatus: [['agent'], ['0', no.NO_ID, 'agentId', INVALID]],
  listAgents: [
    [{ status: 'ACTIVE' }],
    ['0', no.NO_OPTIONS, 'options', INVALID],
    ['0', no.unknown({ status: 'ACTIVE' }), 'options', INVALID],
    ['0.status', no.given(no.NO_TEXT), 'status', INVALID],
  ],
}
