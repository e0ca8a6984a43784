import type { Command } from '../command.ts'
import { agents } from './agents.ts'
import { claims } from './claims.ts'
import { copy } from './copy.ts'
import { dirty } from './dirty.ts'
import { doctor } from './doctor.ts'
import { exportCommand } from './export.ts'
import { flow } from './flow.ts'
import { flows } from './flows.ts'
import { holds } from './holds.ts'
import { importCommand } from './import.ts'
import { inspect } from './inspect.ts'
import { prune } from './prune.ts'
import { requests } from './requests.ts'
import { prove } from './prove.ts'
import { schema } from './schema.ts'
import { seal } from './seal.ts'
import { tail } from './tail.ts'
import { verifyLog } from './verify-log.ts'
import { verify } from './verify.ts'

const LISTS = [flows, flow, holds, claims, requests, dirty, agents, tail]
const TRANSFERS = [exportCommand, importCommand, copy, verify]
const SEALS = [seal, verifyLog, prove]

/** In the order in which help shows them. */
export const COMMANDS = [
  doctor,
  inspect,
  schema,
  ...LISTS,
  ...TRANSFERS,
  ...SEALS,
  prune,
] as readonly Command[]
