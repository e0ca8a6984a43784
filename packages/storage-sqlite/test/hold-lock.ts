// A process of its own for group-commit.test.ts: holds the write lock of the file for so many milliseconds.
import BetterSqlite3 from 'better-sqlite3'

const [path = '', milliseconds] = process.argv.slice(2)
const db = new BetterSqlite3(path)
db.exec('BEGIN IMMEDIATE')
console.log('held')
setTimeout(() => {
  db.exec('COMMIT')
  db.close()
}, Number(milliseconds))
