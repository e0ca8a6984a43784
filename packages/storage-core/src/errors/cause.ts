/** What is kept of a driver's error. */
export interface CleanCause {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  /** MongoDB's word for its `code`. */
  readonly codeName?: string
}

const WORD = /^[\w.-]{1,60}$/
const MAX_TEXT = 500

/**
 * A copy that is safe to log: name, codes and `text`. Without a text, only what the operating system says is taken from
 * the error itself; whatever a server or a driver says may quote the request.
 */
export function cleanCause(cause: unknown, text: string = systemText(cause)): CleanCause {
  const { name, code, codeName } = fieldsOf(cause)
  return {
    name: isWord(name) ? name : typeof cause,
    message: text.replaceAll(/:\/\/[^/\s@]*@/g, '://***@').slice(0, MAX_TEXT),
    ...(isWord(code) || typeof code === 'number' ? { code } : {}),
    ...(isWord(codeName) ? { codeName } : {}),
  }
}

/** A failed system call's own message, which names the call, a code, and an address or a path; else nothing. */
export function systemText(cause: unknown): string {
  const { errors } = fieldsOf(cause)
  // where a host has several addresses, Node gives an error for each
  const { message, code, syscall } = fieldsOf(Array.isArray(errors) ? errors[0] : cause)
  return typeof message === 'string' && typeof code === 'string' && typeof syscall === 'string' ? message : ''
}

/** Where an error was made, as its stack has it. The message before that may quote anything, and is left out. */
export function placeOf(cause: unknown): string {
  const { message, stack } = fieldsOf(cause)
  if (typeof message !== 'string' || typeof stack !== 'string') return ''
  const start = stack.indexOf(message)
  const [, place = ''] = start === -1 ? [] : (/\n {4}(at .*)/.exec(stack.slice(start + message.length)) ?? [])
  return place
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Readonly<Record<string, unknown>>
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
