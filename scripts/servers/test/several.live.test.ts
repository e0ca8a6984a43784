import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { redisCommand, start, startMongoSet, startPgBouncer, startRedisCluster } from '../index.ts'
import { orSkip, withOwnServer } from '../live.ts'
import { withMongo } from './probes.ts'
import { traces } from './traces.ts'

withOwnServer('postgres', () => {
  test('serves many clients of PgBouncer through two connections', async (context) => {
    const postgres = await start('postgres')
    onTestFinished(() => postgres.stop())
    const bouncer = await orSkip(context, startPgBouncer(postgres.url))
    const pool = new pg.Pool({ connectionString: bouncer.url, max: 10 })
    const pids = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.01)')
        return rows[0]?.pid
      }),
    )
    const statistics = await bouncer.console('SHOW STATS')
    const transactions = statistics.find(({ database }) => database === 'postgres')?.['total_xact_count']
    expect([new Set(pids).size, Number(transactions)]).toEqual([2, 40])
    await pool.end()
    await bouncer.stop()
    await postgres.stop()
    expect([postgres, bouncer].flatMap(traces)).toEqual([])
  })
})

withOwnServer('redis', () => {
  test('spreads keys over the masters of a cluster', async () => {
    const cluster = await startRedisCluster()
    const { nodes } = cluster
    const answers = await Promise.all(
      nodes.map(({ url }) => redisCommand(url, 'SET', 'word', 'one').catch(({ message }) => String(message))),
    )
    const holder = nodes.findIndex((_, index) => answers[index] === 'OK')
    const moved = `MOVED ${await redisCommand(nodes[0]?.url ?? '', 'CLUSTER', 'KEYSLOT', 'word')} `
    const wanted = nodes.map((_, index) =>
      index === holder ? 'OK' : `${moved}127.0.0.1:${nodes[holder]?.port}`,
    )
    expect(answers).toEqual(wanted)
    await cluster.stop()
    expect(nodes.flatMap(traces)).toEqual([])
  })
})

withOwnServer('mongo', () => {
  test('elects another primary when that of a set is killed, and keeps what the majority has', async () => {
    const set = await startMongoSet()
    const first = await set.primary()
    await withMongo(set.url, (client) =>
      client
        .db('test')
        .collection('words')
        .insertOne({ word: 'kept' }, { writeConcern: { w: 'majority' } }),
    )
    await first.kill9()
    const second = await set.primary()
    const found = await withMongo(set.url, (client) => client.db('test').collection('words').findOne())
    expect([second.port === first.port, found?.['word']]).toEqual([false, 'kept'])
    await set.stop()
    expect(set.nodes.flatMap(traces)).toEqual([])
  })
})
