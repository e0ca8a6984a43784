import type { Command } from '../command.ts'
import { agents } from './agents.ts'
import { claims } from './claims.ts'
import { dirty } from './dirty.ts'
import { doctor } from './doctor.ts'
import { flow } from './flow.ts'
import { flows } from './flows.ts'
import { holds } from './holds.ts'
import { requests } from './requests.ts'
import { tail } from './tail.ts'

const LISTS = [flows, flow, holds, claims, requests, dirty, agents, tail]

/** In the order in which help shows them. */
export const COMMANDS = [doctor, ...LISTS] as readonly Command[]
