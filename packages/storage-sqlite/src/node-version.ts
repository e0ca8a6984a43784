// Imported before better-sqlite3, which ends an older Node without a word.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 12))
  throw new Error(
    `@dir/storage-sqlite needs Node 22.12 or newer; this is ${process.versions.node}. Install a newer Node.`,
  )

export {}
