import type * as failures from './failures.ts'
import type * as refusals from './refusals.ts'
import { isOurs } from './storage-error.ts'

type Classes = typeof failures & typeof refusals
type InstanceOf<Class> = Class extends new (...args: never[]) => infer Error ? Error : never

/** Every error of this package: its `code` tells which it is, to the compiler too. */
export type AnyStorageError = { [Name in keyof Classes]: InstanceOf<Classes[Name]> }[keyof Classes]
export type StorageErrorCode = AnyStorageError['code']

/**
 * Whether `error` is one of ours, from whichever copy of this package; with a `code`, whether it is that one. What it is
 * narrowed to has the fields of its class: `if (isStorageError(error, 'STORAGE_CONFLICT'))`, or `switch (error.code)`.
 */
export function isStorageError(error: unknown): error is AnyStorageError
export function isStorageError<Code extends StorageErrorCode>(
  error: unknown,
  code: Code,
): error is Extract<AnyStorageError, { readonly code: Code }>
export function isStorageError(error: unknown, code?: StorageErrorCode): boolean {
  return isOurs(error) && (code === undefined || error.code === code)
}
