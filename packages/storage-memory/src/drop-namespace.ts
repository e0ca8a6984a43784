import { checkNamespace, storeOptions } from '@dir/storage-core/adapter'
import { stores } from './state.ts'

/** Removes a shared store and everything in it; one that is not there is ignored. */
export async function dropNamespace(options: { readonly namespace: string }): Promise<void> {
  const { namespace } = storeOptions(options, [], ['namespace'])
  stores.delete(checkNamespace('namespace', namespace))
}
