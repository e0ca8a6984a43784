import type { Backend } from '../backend.ts'
import { loadBackend } from '../load.ts'
import { MUTANTS } from './index.ts'

/**
 * A broken backend as a module, for child processes: `module.ts?mutant=<id>&backend=<URL of a sound module>`.
 * `mutantUrl` makes such addresses.
 */
export function mutantUrl(mutant: string, backend: string): string {
  const url = new URL(import.meta.url)
  url.search = new URLSearchParams({ mutant, backend }).toString()
  return url.href
}

async function fromAddress(): Promise<Backend | undefined> {
  const { searchParams } = new URL(import.meta.url)
  const mutant = MUTANTS.find(({ id }) => id === searchParams.get('mutant'))
  const backend = searchParams.get('backend')
  return mutant === undefined || backend === null ? undefined : mutant.wrap(await loadBackend(backend))
}

const broken: Backend | undefined = await fromAddress()

export default broken
