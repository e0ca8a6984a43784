/** SQLite's primary result codes by number. An extended code has its primary one in the lowest eight bits. */
const PRIMARY =
  'OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB NOTICE WARNING'.split(
    ' ',
  )

/** What an error of SQLite is about, from our point of view. */
export type ErrorClass = keyof typeof CLASSES

/** The primary codes of each class, and the extended ones that belong elsewhere than their primary one does. */
const CLASSES = {
  /** Another connection is in the way; the same statement may succeed a moment later. */
  busy: ['BUSY', 'LOCKED', 'PROTOCOL'],
  damaged: ['CORRUPT', 'NOTADB', 'FORMAT', 'IOERR_SHORT_READ', 'IOERR_CORRUPTFS', 'IOERR_DATA'],
  diskFull: ['FULL'],
  memoryFull: ['NOMEM', 'IOERR_NOMEM'],
  device: ['IOERR'],
  fileMoved: ['READONLY_DBMOVED'],
  /** No code of SQLite's own: raised by us. */
  logMoved: ['READONLY_LOGMOVED'],
  readOnly: ['READONLY'],
  forbidden: ['PERM', 'AUTH'],
  cannotOpen: ['CANTOPEN'],
  tooLarge: ['TOOBIG'],
  schema: ['SCHEMA'],
  /** A rule that the tables have from somebody else: all of ours are kept before SQLite is asked. */
  constraint: ['CONSTRAINT'],
  /** A statement does not fit the tables, or is wrong. */
  statement: ['ERROR'],
  unknown: ['INTERNAL', 'ABORT', 'INTERRUPT', 'NOTFOUND', 'EMPTY', 'MISMATCH', 'MISUSE', 'NOLFS', 'RANGE'],
} as const

const CLASS_OF: ReadonlyMap<string, ErrorClass> = new Map(
  Object.entries(CLASSES).flatMap(([name, codes]) => codes.map((code) => [code, name as ErrorClass])),
)

export function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Null: no error of SQLite. A code that is newer than the driver, or than this version, counts as its primary one. */
export function classOf(error: unknown): ErrorClass | null {
  const code = codeOf(error)
  const [, number] = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code) ?? []
  const [, name = ''] = /^SQLITE_(\w+)$/.exec(code) ?? []
  if (number === undefined && name === '') return null
  const primary = number === undefined ? (name.split('_')[0] ?? '') : (PRIMARY[Number(number) & 0xff] ?? '')
  return CLASS_OF.get(name) ?? CLASS_OF.get(primary) ?? 'unknown'
}

/** Another connection is in the way; the same statement may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return classOf(error) === 'busy'
}

const OF_ONE_STATEMENT: ReadonlySet<ErrorClass> = new Set([
  'tooLarge',
  'schema',
  'constraint',
  'statement',
  'unknown',
])

/** The store failed, and not just one statement: whatever shares its transaction fails with it. */
export function isStoreFailure(error: unknown): boolean {
  const found = classOf(error)
  return found !== null && !OF_ONE_STATEMENT.has(found)
}

/** After these, nothing of the transaction is in the file, nor comes into it. */
const NOT_COMMITTED: ReadonlySet<ErrorClass | null> = new Set(['busy', 'diskFull', 'readOnly', 'constraint'])

/** What is known of a transaction whose COMMIT failed: after an I/O error its last write may have reached the disk. */
export function commitOutcome(error: unknown): 'not-applied' | 'unknown' {
  return NOT_COMMITTED.has(classOf(error)) ? 'not-applied' : 'unknown'
}

/** What SQLite says by itself of a class of errors. Other messages may hold what a trigger made of a row. */
const TEXTS: ReadonlySet<string> = new Set([
  'database is locked',
  'database table is locked',
  'locking protocol',
  'database disk image is malformed',
  'file is not a database',
  'database or disk is full',
  'out of memory',
  'disk I/O error',
  'attempt to write a readonly database',
  'access permission denied',
  'authorization denied',
  'unable to open database file',
  'string or blob too big',
  'database schema has changed',
])

/** What of the driver's message may be shown, because it cannot quote a request. */
export function shownText(error: unknown): string | undefined {
  const message: unknown = (error as { message?: unknown } | null)?.message
  if (classOf(error) === null || typeof message !== 'string') return undefined
  return TEXTS.has(message) || /^no such (table|column): [\w.]{1,60}$/.test(message) ? message : ''
}
