import { once } from 'node:events'
import { styleText } from 'node:util'

/** Where a command reads and writes. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends the command; its reason is the exit code. */
  readonly signal: AbortSignal
}

export type Style = 'red' | 'yellow' | 'green' | 'dim' | 'bold'

/** `text` in a style, where `stream` shows it and nobody wants it otherwise (`NO_COLOR`). */
export function paint(stream: NodeJS.WritableStream, style: Style, text: string): string {
  return styleText(style, text, { stream })
}

/** Writes, no faster than it is read. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain')
}

/** Stored text in one line that does nothing to a terminal: what agents wrote may hold its commands. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
