import { describe, inject, test } from 'vitest'
import type { ServerName } from './index.ts'

/** Tests against the shared server of this name. Without one, a skipped test says what is missing. */
export function withServer(name: ServerName, tests: (url: string) => void): void {
  const { url, missing } = inject('servers')[name]
  runOrSkip(name, missing, () => tests(url))
}

/** Tests that start a server of their own, to kill it for example. */
export function withOwnServer(name: ServerName, tests: () => void): void {
  runOrSkip(`${name} of its own`, inject('servers')[name].ownMissing, tests)
}

function runOrSkip(title: string, missing: string | null, tests: () => void): void {
  const say = (): void => test('needs a server', ({ skip }) => skip(missing ?? ''))
  describe(title, () => {
    const body = missing === null ? tests : say
    body()
  })
}
