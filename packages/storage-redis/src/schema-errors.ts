import { type ErrorContext, SchemaError } from '@dir/storage-core'

export function otherStore(context?: ErrorContext): SchemaError {
  return new SchemaError(
    'This is not the store that the handle was opened on: it was dropped, the server lost its data, or the address leads to another server. Look which, then open a new handle.',
    'another store, or none',
    'the store of this handle',
    context,
  )
}

export function newerSchema(found: string, context?: ErrorContext): SchemaError {
  return new SchemaError(
    `The namespace has schema version ${found}, which this version of the package does not know. Update the package.`,
    found,
    '1',
    context,
  )
}
