import type { Redis } from 'ioredis'
import { alteredClient, isWrite, replaced } from './altered-client.ts'

/** Carries out what arrives, however late. */
export const noDeadline = (url: string): Redis =>
  alteredClient(url, (text, send) =>
    send(isWrite(text) ? replaced(text, `if now_micros > deadline then return { 'EXPIRED' } end`, '') : text),
  )
