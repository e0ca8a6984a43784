// Which source file imports which, types included, and where that goes in a circle.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './toolchain.mjs'

/** The relative imports of each file. */
export function importsOf(files) {
  const known = new Set(files)
  return new Map(
    files.map((file) => {
      const text = readFileSync(path.join(root, file), 'utf8')
      const targets = [...text.matchAll(/(?:from|import) '(\.[^']+)'/g)].map(([, target]) =>
        path.posix.join(path.posix.dirname(file), target),
      )
      return [file, targets.filter((target) => known.has(target))]
    }),
  )
}

/** One circle for each group of files that lead back to themselves. */
export function circles(entries) {
  const imports = new Map(entries)
  const done = new Set()
  const found = []
  const visit = (file, trail) => {
    const start = trail.indexOf(file)
    if (start !== -1) found.push([...trail.slice(start), file])
    if (start !== -1 || done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return found
}
