import path from 'node:path'
import type { TestContext } from 'vitest'
import { fetchNode, root } from '../../scripts/toolchain.mjs'

const everythingRequired = process.env['STORAGE_REQUIRE'] === 'all'
const compilerOptions = '--noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable'
/** Checks the file that is named after it, as a strict project does. */
export const compile: readonly string[] = [
  path.join(root, 'node_modules/typescript/bin/tsc'),
  ...compilerOptions.split(' '),
]
export const noTypes: readonly string[] = ['--types', '']

/** On which Node most of the packages run. */
export const node = { engines: '>=22.12', runsOn: ['22.12', '24'], refuses: ['20'] }

/** A Node of that version, or the end of the test: a failure where all is required, else a skip that says why. */
export function nodeOrSkip(context: TestContext, version: string): string {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath
  try {
    return fetchNode(version, 'the packages are tried on it; kept in .toolchain/')
  } catch (error) {
    if (everythingRequired) throw error
    const note = `not tried on Node ${version}: ${(error as Error).message}`
    console.warn(note)
    return context.skip(note)
  }
}
