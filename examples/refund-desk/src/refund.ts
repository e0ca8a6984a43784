import { z } from 'zod'

const count = z.int().positive().max(1_000_000)

/** What a shop asks for: the lines of a credit note. */
export const Request = z.object({
  id: z.string().min(1).max(100),
  reason: z.string(),
  lines: z.array(z.object({ quantity: count, unitPence: count })).nonempty(),
})
export type Request = z.infer<typeof Request>

export const Decision = z.object({ decision: z.enum(['APPROVED', 'REFUSED']), by: z.string().min(1) })
export type Decision = z.infer<typeof Decision>

const STATUS = ['ASKED', 'ESCALATED', 'APPROVED', 'RESERVED', 'PAID', 'REFUSED'] as const
export type Status = (typeof STATUS)[number]

/** A row of the shop's table; PostgreSQL hands out its integers as text. */
export const Refund = z.object({
  id: z.string(),
  pence: z.coerce.number(),
  reason: z.string(),
  status: z.enum(STATUS),
  declined: z.coerce.number(),
  payment_id: z.string().nullable(),
  seq: z.coerce.number(),
})
export type Refund = z.infer<typeof Refund>

export const isOver = ({ status }: Refund): boolean => status === 'PAID' || status === 'REFUSED'

export const AGENT = 'refund-desk'

/** What the agent may do; amounts are pence. */
export const CONTRACT = {
  approvesUpTo: 100_00,
  asksUpTo: 100_000_00,
  /** What may be under way at once, of all refunds together. */
  cash: 250_00,
  mostDeclined: 3,
  escalations: { limit: 20, windowSec: 3_600 },
}
