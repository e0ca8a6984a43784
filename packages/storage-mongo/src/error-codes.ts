/** What an error of the server means to a caller. */
export type Kind =
  | 'auth'
  | 'permission'
  | 'timeout'
  | 'lost'
  | 'ended'
  | 'readOnly'
  | 'contention'
  | 'disk'
  | 'memory'
  | 'tooLarge'
  | 'schema'
  | 'validator'
  | 'standalone'
  | 'majority'
  | 'configuration'
  | 'io'
  | 'corrupt'

/** The server's own codes. What is not here and has no label that says more is a defect: of ours, mostly. */
const CODES: { readonly [K in Kind]: readonly number[] } = {
  auth: [11, 18, 214, 334, 337, 391, 392],
  permission: [13, 31, 33, 8000],
  timeout: [50, 202, 262, 290, 407],
  // the server cannot be reached, is ending, or has no primary
  lost: [
    6, 7, 89, 90, 91, 94, 133, 134, 145, 149, 172, 173, 174, 189, 216, 230, 231, 279, 281, 282, 303, 310, 317,
    333, 354, 372, 384, 398, 9001, 11600, 11602, 13436, 46841, 56846,
  ],
  // it ended this operation, or does not begin it now
  ended: [
    43, 143, 175, 194, 200, 208, 215, 234, 237, 261, 264, 314, 343, 355, 358, 365, 402, 406, 412, 433, 449,
    450, 453, 462, 11601, 12586, 12587, 16500, 50915, 91331, 4938500, 10045600,
  ],
  readOnly: [95, 371, 10058, 10107, 13435],
  contention: [24, 46, 107, 112, 117, 150, 225, 239, 246, 249, 250, 251, 267, 272, 356, 363, 13388],
  disk: [14031],
  memory: [146, 292, 388],
  tooLarge: [257, 10334, 17419, 17420],
  schema: [26, 27, 48, 60, 67, 68, 85, 86, 166, 167, 227, 361, 10003],
  validator: [121],
  standalone: [20, 76, 123],
  majority: [79, 100, 148],
  configuration: [59, 73, 93, 101, 115, 188, 238, 291, 322, 323, 324, 347, 352, 13297],
  io: [38, 39, 42, 176],
  corrupt: [288, 301],
}

const KINDS = new Map(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as Kind] as const)),
)

export function kindOf(code: unknown): Kind | undefined {
  return typeof code === 'number' ? KINDS.get(code) : undefined
}

/**
 * What proves that a statement of one document was not carried out, where the server answered and it was sent once.
 * Whatever is not here is `unknown`.
 */
const PROOFS = new Set([
  11, 13, 18, 20, 24, 26, 50, 59, 85, 86, 112, 115, 121, 146, 257, 292, 322, 323, 324, 347, 365, 371, 388,
  391, 392, 433, 449, 450, 462, 8000, 10334, 11000, 11601, 14031, 16500, 17419, 17420,
])

/** Whether an answer with this code proves that nothing was written. */
export function provesNothingDone(code: unknown): boolean {
  return typeof code === 'number' && PROOFS.has(code)
}

/** Codes whose text names sizes, times, terms and hosts, and never quotes a request. */
const PLAIN = new Set([
  18, 50, 64, 91, 100, 112, 146, 189, 251, 262, 290, 365, 388, 10107, 11600, 11601, 11602, 13435, 13436,
  14031,
])

export function isPlain(code: unknown): boolean {
  return typeof code === 'number' && PLAIN.has(code)
}
