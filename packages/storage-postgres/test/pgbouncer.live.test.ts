import { expect, test } from 'vitest'
import { startPgBouncer } from '../../../scripts/servers/index.ts'
import { orSkip, withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, postgresStorage } from '../src/index.ts'
import { newName } from './databases.ts'

withServer('postgres', (server) => {
  test('works through PgBouncer in transaction mode with two connections, from many handles at once', async (context) => {
    const bouncer = await orSkip(context, startPgBouncer(server, { connections: 2 }))
    const namespace = newName()
    const handles = Array.from({ length: 16 }, () => postgresStorage({ url: bouncer.url, namespace }))
    try {
      await Promise.all(handles.map((handle) => handle.init()))
      expect((await handles[0]?.health())?.details['preparedStatements']).toBe(false)
      const grants = await Promise.all(
        handles.map((handle, index) =>
          handle.resourceLock.acquire(`f${index}`, { r: 1 }, 5, { capacities: { r: 5 } }).then(
            () => 'granted',
            (error: { code: string }) => error.code,
          ),
        ),
      )
      expect(grants.toSorted()).toEqual([
        ...Array.from({ length: 11 }, () => 'STORAGE_INSUFFICIENT_CAPACITY'),
        ...Array.from({ length: 5 }, () => 'granted'),
      ])
      const seqs = await Promise.all(handles.map((handle) => handle.decisionAudit.record('f', 'e')))
      expect(seqs.toSorted((a, b) => a - b)).toEqual(handles.map((_, index) => index + 1))
      await Promise.all(handles.map((handle) => handle.intentRetry.increment('f')))
      expect(await handles[0]?.intentRetry.getCount('f')).toBe(16)
      await Promise.all(
        handles.map((handle, index) =>
          handle.atomically((batch) => {
            batch.lifecycle.recordTransition(`f${index}`, null, 'NEW')
            batch.decisionAudit.record('f', 'batch')
          }),
        ),
      )
      expect(await handles[0]?.lifecycle.getTransitions()).toHaveLength(16)
    } finally {
      await Promise.all(handles.map((handle) => handle.close()))
      await dropNamespace({ url: server, namespace })
      await bouncer.stop()
    }
  }, 60_000)
})
