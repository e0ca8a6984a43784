import type { Redis } from 'ioredis'
import { alteredClient, isWrite, replaced } from './altered-client.ts'

/** Carries out a call again that arrives again. */
export const forgetsCalls = (url: string): Redis =>
  alteredClient(url, (text, send) =>
    send(isWrite(text) ? replaced(text, 'if last then', 'if false then') : text),
  )
