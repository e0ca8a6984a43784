import { describe, inject, test, type TestContext } from 'vitest'
import { NoServerError, type ServerName } from './index.ts'

/** Tests against the shared server of this name. Without one, a skipped test says what is missing. */
export function withServer(name: ServerName, tests: (url: string) => void): void {
  const { url, missing } = inject('servers')[name]
  runOrSkip(name, missing, () => tests(url))
}

/** Tests that start a server of their own, to kill it for example. */
export function withOwnServer(name: ServerName, tests: () => void): void {
  runOrSkip(`${name} of its own`, inject('servers')[name].ownMissing, tests)
}

/** What a test needs beside the servers above; where that is not to be had, the test is skipped and says what is missing. */
export async function orSkip<T>(context: TestContext, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (!(error instanceof NoServerError) || process.env['STORAGE_REQUIRE'] === 'all') throw error
    return context.skip(error.message)
  }
}

function runOrSkip(title: string, missing: string | null, tests: () => void): void {
  const say = (): void => test('needs a server', ({ skip }) => skip(missing ?? ''))
  describe(title, () => {
    const body = missing === null ? tests : say
    body()
  })
}
