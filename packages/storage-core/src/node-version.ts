/**
 * Throws unless this Node is one that a package runs on. Every package calls it before all else, so that an older Node
 * says so in one line, rather than by whatever it does not know yet. It stands alone: it loads on any Node.
 *
 * @param least the first version that will do, then that of each later major that has a bound of its own.
 */
export function requireNode(
  packageName: string,
  least: readonly [string, ...string[]],
  found: string = process.versions.node,
): void {
  const [first, ...others] = least
  const [major, minor] = parts(found)
  const own = least.map(parts).find((bound) => bound[0] === major)
  if (own === undefined ? major > parts(first)[0] : minor >= own[1]) return
  const more = others.map((version) => `, of Node ${parts(version)[0]} at least ${version}`).join('')
  throw new Error(
    `${packageName} needs Node ${first} or newer${more}; this is ${found}. Install a newer Node.`,
  )
}

function parts(version: string): readonly [major: number, minor: number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}
