/** What may happen to one exchange of packets. */
export const FAULTS = [
  'cut before', // the request never reaches the server, and the connection breaks
  'cut after', // the server has carried it out, its reply is lost, and the connection breaks
  'cut within', // as before, in the middle of the reply
  'swallowed', // the request, and all that follows it on its connection, goes nowhere; the connection stays
  'muted', // the server has carried it out; its reply and all that follows it goes nowhere
  'refused', // the server has carried it out, and something on the way replies with an error of its own
  'late', // the request reaches the server after the call has ended
  'late reply', // the reply reaches the client after the call has ended
  'slow', // the request takes a while, well within the deadline
] as const

export type FaultName = (typeof FAULTS)[number]

export interface Fault {
  readonly name: FaultName
  /** What is held goes on then. */
  readonly until: Promise<unknown>
  /** The server has nothing left to do about the exchange: it has replied, or the connection is gone. */
  readonly isOver: Promise<void>
  over(): void
}
