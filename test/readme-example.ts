import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * Runs the example of a README that has this text in it, as it stands there, but for the `replaced` texts: as a module
 * of the package in `home`, so that it finds what the package has. @returns what it printed.
 */
export async function runExample(
  { readme, has, home, cwd }: { readme: URL; has: string; home: URL; cwd: string },
  replaced: Readonly<Record<string, string>> = {},
): Promise<string> {
  const examples = [...(await readFile(readme, 'utf8')).matchAll(/```ts\n(.*?)```/gs)].map(
    ([, one = '']) => one,
  )
  const found = examples.filter((one) => one.includes(has))
  if (found.length !== 1)
    throw new Error(`${found.length} examples in ${readme.pathname} have ${has} in them.`)
  let source = found[0] ?? ''
  for (const [from, to] of Object.entries(replaced)) {
    if (!source.includes(from)) throw new Error(`The example does not say ${from}.`)
    source = source.replaceAll(from, to)
  }
  const file = path.join(new URL('.', home).pathname, `example-${randomBytes(6).toString('hex')}.mts`)
  await writeFile(file, source)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@dir/source', file], {
      cwd,
    })
    return stdout
  } finally {
    await rm(file)
  }
}
