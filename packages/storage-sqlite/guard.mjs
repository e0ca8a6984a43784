import D from 'better-sqlite3'
import fs from 'node:fs'
import { execFileSync } from 'node:child_process'
const dir = fs.mkdtempSync('/tmp/g-')
const p = dir + '/x.sqlite'
const W = new D(p, { timeout: 0 })
W.pragma('journal_mode=WAL')
W.exec('create table t(a)')
const R = new D(p, { readonly: true, timeout: 0 })
R.prepare('select 1 from sqlite_master').get()
W.exec('insert into t values(1)')
console.log(fs.readdirSync(dir))
W.close()
console.log('W closed', fs.readdirSync(dir), fs.statSync(p + '-wal').size)
R.close()
console.log('R closed', fs.readdirSync(dir))
const py = (s) => execFileSync('python3', ['-c', s, p]).toString()
console.log(
  py('import sqlite3,sys\nd=sqlite3.connect(sys.argv[1])\nprint(d.execute("select * from t").fetchall())'),
  fs.readdirSync(dir),
)
// prices
const W2 = new D(p, { timeout: 0 })
W2.prepare('select * from t').get()
const t = (n, f) => {
  for (let i = 0; i < n / 10; i++) f()
  const s = performance.now()
  for (let i = 0; i < n; i++) f()
  return (((performance.now() - s) / n) * 1000).toFixed(2) + 'us'
}
console.log(
  'stat big',
  t(20000, () => fs.statSync(p, { bigint: true, throwIfNoEntry: false })),
  'stat',
  t(20000, () => fs.statSync(p, { throwIfNoEntry: false })),
)
const s1 = W2.prepare('select * from t where rowid=?')
console.log(
  'read',
  t(20000, () => s1.get(1)),
)
W2.pragma('synchronous=FULL')
const ins = W2.prepare('insert into t values(1)')
console.log(
  'commit',
  t(500, () => {
    W2.exec('BEGIN IMMEDIATE')
    ins.run()
    W2.exec('COMMIT')
  }),
)
const L = new D(p + '-lock', { timeout: 0 })
const b = L.prepare('BEGIN EXCLUSIVE'),
  e = L.prepare('ROLLBACK')
console.log(
  'own lock',
  t(5000, () => {
    b.run()
    e.run()
  }),
  fs.statSync(p + '-lock').size,
)
const L2 = new D(p + '-lock', { timeout: 0 })
const b2 = L2.prepare('BEGIN'),
  s2 = L2.prepare('select 1 from sqlite_master'),
  e2 = L2.prepare('ROLLBACK')
console.log(
  'own shared',
  t(5000, () => {
    b2.run()
    s2.get()
    e2.run()
  }),
)
const p3 = dir + '/d.sqlite'
const D3 = new D(p3, { timeout: 0 })
D3.exec('create table t(a);insert into t values(1)')
const s3 = D3.prepare('select * from t where rowid=?')
console.log(
  'delete-mode read',
  t(20000, () => s3.get(1)),
)
D3.pragma('synchronous=FULL')
const i3 = D3.prepare('insert into t values(1)')
console.log(
  'delete-mode commit',
  t(500, () => {
    D3.exec('BEGIN IMMEDIATE')
    i3.run()
    D3.exec('COMMIT')
  }),
)
