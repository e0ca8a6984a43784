// A process of its own for writes.test.ts: holds the write lock of the file until its input ends.
import BetterSqlite3 from 'better-sqlite3'

const db = new BetterSqlite3(process.argv[2] ?? '')
db.exec('BEGIN IMMEDIATE')
console.log('held')
process.stdin.resume().on('end', () => {
  db.exec('COMMIT')
  db.close()
})
