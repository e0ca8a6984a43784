import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export interface PageFile {
  readonly type: string
  readonly text: string
}

const FOLDER = fileURLToPath(new URL('../../page/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
}

/** What the page imports of lit-html, at addresses by which these files find one another. */
const LIT = [
  ['lit-html/lit-html.js', 'lit-html'],
  ['lit-html/directive.js', 'lit-html/directive.js'],
  ['lit-html/directive-helpers.js', 'lit-html/directive-helpers.js'],
  ['lit-html/directives/repeat.js', 'lit-html/directives/repeat.js'],
] as const

/** The files of the page by what follows the token in their addresses; none else can be asked for. */
export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  const names = (await readdir(FOLDER)).filter((name) => path.extname(name) in TYPES)
  const files = names.map((name): [string, string] => [
    name === 'index.html' ? '' : name,
    path.join(FOLDER, name),
  ])
  for (const [name, module] of LIT) files.push([name, createRequire(import.meta.url).resolve(module)])
  return new Map(
    await Promise.all(
      files.map(async ([name, file]): Promise<[string, PageFile]> => {
        const type = TYPES[path.extname(file)] ?? ''
        return [name, { type, text: await readFile(file, 'utf8') }]
      }),
    ),
  )
}
