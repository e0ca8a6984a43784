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

/** What the page imports of lit-html, by which these files find one another. */
const LIT = ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js']

/** The files of the page by what follows the token in their addresses; none else can be asked for. */
export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  const names = (await readdir(FOLDER)).filter((name) => path.extname(name) in TYPES)
  const files = names.map((name): [string, string] => [
    name === 'index.html' ? '' : name,
    path.join(FOLDER, name),
  ])
  for (const name of LIT) files.push([`lit-html/${name}`, path.join(litFolder(), name)])
  return new Map(
    await Promise.all(
      files.map(async ([name, file]): Promise<[string, PageFile]> => {
        const type = TYPES[path.extname(file)] ?? ''
        return [name, { type, text: await readFile(file, 'utf8') }]
      }),
    ),
  )
}

/** Its builds for browsers stand there; what Node would import are others. */
function litFolder(): string {
  const [folder = ''] = /^.*[\\/]lit-html[\\/]/.exec(createRequire(import.meta.url).resolve('lit-html')) ?? []
  return folder
}
