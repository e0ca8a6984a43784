// What an error of the driver or the server is a proof of. By SQLSTATE and by what was being done, never by words: the
// server speaks its operator's language, and even its severity is a translated word.

/** As the server sends it; `routine`, `file` and `where` say where in its own code, or in somebody's function, it arose. */
interface DriverError {
  readonly code?: unknown
  readonly message?: unknown
  readonly routine?: unknown
  readonly file?: unknown
  readonly where?: unknown
}

/** Words of the driver itself, which speaks English only. */
const READ_TIMEOUT = 'Query read timeout'
const NO_CLIENT = 'timeout exceeded when trying to connect'
const ENDED_POOL = 'Cannot use a pool after calling end on the pool'
const NO_TLS = /^(The server does not support SSL|There was an error establishing an SSL)/
const TERMINATED = /^(Connection terminated|Client has encountered a connection error|Client was closed)/

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as DriverError
  return typeof code === 'string' ? code : ''
}

export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as DriverError
  return typeof message === 'string' ? message : ''
}

/** A refusal after which the session ended, so that nobody knows what the server had done. */
export class SessionEnded extends Error {
  override readonly cause: unknown
  constructor(cause: unknown) {
    super('the session ended with the answer')
    this.cause = cause
  }
}

/** The server did nothing, and this connection is the reason: by another one the same may succeed. */
export class WrongConnection extends Error {
  override readonly cause: unknown
  /** It leads to a server that takes no writes, and the others that were opened before lead there too. */
  readonly isElsewhere: boolean
  constructor(cause: unknown, isElsewhere: boolean) {
    super('this connection is not the one to ask')
    this.cause = cause
    this.isElsewhere = isElsewhere
  }
}

/**
 * The closed list of what proves that a statement was not carried out: PostgreSQL itself says so (a pooler that answers
 * in its place names no routine), and the code is neither of those that end the session nor one that says that it does
 * not know. Whether the session really goes on, `Lease` has asked.
 */
export function isRefusal(error: unknown): boolean {
  return isServers(error) && !/^(08|57P|25P0[34]|40003)/.test(codeOf(error))
}

/** Written by PostgreSQL, and not by what stands before it. */
function isServers(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(codeOf(error)) && typeof (error as DriverError).routine === 'string'
}

/** Written in PostgreSQL's place by a pooler, which says by it that it has no server, or no room. */
export function isPoolers(error: unknown): boolean {
  return /^(08|53|57|58|XX)[0-9A-Z]{3}$/.test(codeOf(error)) && !isServers(error)
}

/** The driver refused before it sent anything. */
export function isUnsent(error: unknown): boolean {
  return /not queryable/.test(messageOf(error))
}

/** Undone by the server because of other transactions, or of its lock table being full: the same may succeed later. */
export function isTransient(error: unknown): boolean {
  return /^(40001|40P01)$/.test(codeOf(error)) || isLockTableFull(error)
}

export function isLockTableFull(error: unknown): boolean {
  return codeOf(error) === '53200' && (error as DriverError).file === 'lock.c'
}

/** A standby, or a server or role that was set read-only, says so to what writes. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === '25006'
}

/** What the server's function raises, with everything undone: statements by themselves see what was there before them. */
export const WRONG_ISOLATION = 'DIR01'
/** A later commit of the same handle was there before. */
export const OVERTAKEN = 'DIR02'
/** Some work's deadline passed while it was carried out. */
export const PASSED_DEADLINE = 'DIR03'
/** The flows concerned hold more resources than can be locked one by one. */
export const TOO_MANY_LOCKS = 'DIR04'

/** A lock was not had in the time given for it. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03'
}

/** The connection is lost, and may be had again; a timeout is none. */
export function isDisconnection(error: unknown): boolean {
  return (
    error instanceof SessionEnded ||
    /^(08(?!P01)|57P|ECONN|EPIPE|ETIMEDOUT)/.test(codeOf(error)) ||
    TERMINATED.test(messageOf(error)) ||
    isPoolers(error)
  )
}

/** No connection now, but others give theirs back, and a server that starts or is relieved will have some. */
export function isCrowded(error: unknown): boolean {
  return /^(53300|57P03)$/.test(codeOf(error)) || isPoolers(error)
}

/** The server found its files damaged. */
export function isDamage(error: unknown): boolean {
  return /^XX00[12]$/.test(codeOf(error))
}

/** The deadline passed, on this side or the server's. */
export function isTimeout(error: unknown): boolean {
  return /^(57014|25P03|25P04)$/.test(codeOf(error)) || isUnanswered(error)
}

/** The driver waits no longer for the answer, and the server may go on. */
export function isUnanswered(error: unknown): boolean {
  return messageOf(error) === READ_TIMEOUT
}

export function isEndedPool(error: unknown): boolean {
  return messageOf(error) === ENDED_POOL
}

export function isTls(error: unknown): boolean {
  const tls =
    /^(ERR_TLS|ERR_SSL|CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/
  return tls.test(codeOf(error)) || NO_TLS.test(messageOf(error))
}

export function isNoClient(error: unknown): boolean {
  return messageOf(error) === NO_CLIENT
}

/** As the driver says it when an answer is late. */
export function tooLate(): Error {
  return new Error(READ_TIMEOUT)
}

/** As the driver says it when no client was had in time. */
export function noClient(): Error {
  return new Error(NO_CLIENT)
}

/**
 * What of an error's text may be shown: PostgreSQL's own words on what was done to names, rights, room and connections.
 * Not those on values, which quote them, nor those of functions, which may say anything.
 */
export function shownText(error: unknown): string | undefined {
  const message = messageOf(error)
  const { where } = (error ?? {}) as DriverError
  if (where !== undefined && where !== null && where !== '') return undefined
  const isShown =
    /^(08|0A|25|26|28|2B|3D|3F|40|42[5P]|53|54|55|57|58|XX00[12])[0-9A-Z]*$/.test(codeOf(error)) ||
    isTls(error) ||
    TERMINATED.test(message) ||
    [READ_TIMEOUT, NO_CLIENT, ENDED_POOL].includes(message)
  return isShown ? message : undefined
}
