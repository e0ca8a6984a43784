import { type StorageHandle, type StorageRecord, explainMix, mixStorage, pyFloat } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { describe, expect, test } from 'vitest'

const refusal = (fields: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(fields)

const whole = (records: readonly StorageRecord[]): readonly StorageRecord[] => {
  return [...records, { type: 'counters', seq: 0, fence: 0, records: records.length }]
}

function two(): { readonly audit: StorageHandle; readonly rest: StorageHandle; readonly mix: StorageHandle } {
  const [audit, rest] = [memoryStorage(), memoryStorage()]
  return { audit, rest, mix: mixStorage({ default: rest, decisionAudit: audit, resourceLock: audit }) }
}

describe('mixStorage', () => {
  test('sends each protocol to its own backend', async () => {
    const { audit, rest, mix } = two()
    await mix.decisionAudit.record('flow', 'SEEN')
    await mix.intentRetry.setCount('flow', 2)
    expect((await audit.decisionAudit.allEventsChronological()).map((event) => event.event)).toEqual(['SEEN'])
    expect(await rest.decisionAudit.allEventsChronological()).toEqual([])
    expect(await rest.intentRetry.getCount('flow')).toBe(2)
  })

  test('commits together what comes from one handle, and refuses the rest before anything is written', async () => {
    const { mix } = two()
    const results = await mix.atomically((batch) => {
      batch.resourceLock.acquire('flow', { cash: 5 }, 0, { capacities: { cash: 5 } })
      batch.decisionAudit.record('flow', 'RESERVED')
    })
    expect(results).toEqual([{ fence: 1, expiresAt: null }, 1])
    const across = mix.atomically((batch) => {
      batch.decisionAudit.record('flow', 'NEVER')
      batch.expectStatus('flow', null)
    })
    await expect(across).rejects.toEqual(refusal({ code: 'STORAGE_UNSUPPORTED', capability: 'atomically' }))
    expect(await mix.decisionAudit.eventsForDfid('flow')).toHaveLength(1)
    expect(await mix.atomically(() => {})).toEqual([])
  })

  test('a protocol that nothing brings is refused at construction, and so is a mistyped name', () => {
    expect(() => mixStorage({ decisionAudit: memoryStorage() })).toThrow(
      refusal({ code: 'STORAGE_CONFIGURATION', setting: 'agentRegistry' }),
    )
    const mistyped = { default: memoryStorage(), decisionAudits: memoryStorage() }
    expect(() => mixStorage(mistyped)).toThrow(
      refusal({ code: 'STORAGE_INVALID_ARGUMENT', argument: 'sources' }),
    )
  })

  test('closes each backend once, and then refuses calls', async () => {
    const { audit, mix } = two()
    await mix.init()
    await Promise.all([mix.close(), mix.close()])
    await expect(audit.decisionAudit.record('flow', 'LATE')).rejects.toEqual(
      refusal({ code: 'STORAGE_CLOSED' }),
    )
  })

  test("takes a single store of one's own, without the handle's abilities", async () => {
    const backing = memoryStorage()
    const own = { ...backing.agentRegistry, listActiveAgents: async () => ['from my directory'] }
    const mix = mixStorage({ default: memoryStorage(), agentRegistry: own })
    expect(await mix.agentRegistry.listActiveAgents()).toEqual(['from my directory'])
    expect(mix.capabilities.has('export')).toBe(false)
    const touching = mix.atomically((batch) => batch.agentRegistry.updateStatus('a', 'SUSPENDED', null))
    await expect(touching).rejects.toEqual(refusal({ code: 'STORAGE_UNSUPPORTED' }))
  })

  test('gives numbers as each of its members does', async () => {
    const mix = mixStorage({ default: memoryStorage(), saga: memoryStorage({ numbers: 'exact' }) })
    await mix.saga.markDirty('flow', 'step', '67.0')
    await mix.decisionAudit.record('flow', 'E', { details: { limit: pyFloat(67) } })
    expect((await mix.saga.getDirtyState('flow'))?.partialState).toEqual(pyFloat(67))
    const [event] = await mix.decisionAudit.eventsForDfid('flow')
    expect([event?.details, event?.detailsJson]).toEqual([{ limit: 67 }, '{"limit": 67.0}'])
  })

  test('exports from all its backends what one backend would, and imports it back into a mix', async () => {
    const { mix } = two()
    await mix.decisionAudit.record('flow', 'SEEN', { details: { n: 1 } })
    await mix.resourceLock.acquire('flow', { cash: 1.5 }, 0)
    await mix.context.setSession('flow', '{}')
    await mix.lifecycle.recordTransition('flow', null, 'NEW')
    const records = await Array.fromAsync(mix.exportRecords())
    expect(records.map((record) => record.type).sort()).toEqual([
      'counters',
      'event',
      'hold',
      'session',
      'transition',
    ])
    const copy = two().mix
    expect(await copy.importRecords(records)).toEqual({ imported: 4, skipped: 0 })
    expect(await Array.fromAsync(copy.exportRecords())).toEqual(records)
    expect(await copy.resourceLock.acquire('other', { cash: 1 }, 0)).toEqual({ fence: 2, expiresAt: null })
    await expect(copy.importRecords(records)).rejects.toEqual(refusal({ code: 'STORAGE_CONFLICT' }))
  })

  test('where one of its backends is not empty, an import changes none of them', async () => {
    for (const fill of ['decisionAudit', 'context'] as const) {
      const { audit, rest, mix } = two()
      if (fill === 'decisionAudit') await audit.decisionAudit.record('flow', 'THERE')
      else await rest.context.setSession('there', '1')
      const before = await Array.fromAsync(mix.exportRecords())
      const createdAt = '2026-03-01T10:00:00.000000Z'
      const token = { type: 'budgetToken', agentId: 'a', createdAt } as const
      const refused = refusal({ code: 'STORAGE_CONFLICT', outcome: 'not-applied' })
      await expect(mix.importRecords(whole([token, token]))).rejects.toEqual(refused)
      expect(await Array.fromAsync(mix.exportRecords())).toEqual(before)
      await mix.saga.markDirty('flow', 'step', '1')
      await mix.decisionAudit.record('flow', 'AFTER')
    }
  })

  test('a source that fails half-way ends the import of every backend', async () => {
    const { mix } = two()
    const broken: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the file ended')) }),
    }
    await expect(mix.importRecords(broken)).rejects.toThrow('the file ended')
  })

  test('an import that one backend refuses half-way is run again on all of them, whichever had more to write', async () => {
    const { mix } = two()
    const createdAt = '2026-03-01T10:00:00.000000Z'
    const moves = ['A', 'B'].map((toStatus) => {
      return { type: 'transition', dfid: 'flow', fromStatus: null, toStatus, createdAt } as const
    })
    const session = (id: string) => ({ type: 'session', id, dataJson: '1', updatedAt: createdAt }) as const
    const good = whole([...moves, session('a'), session('b')])
    const bad = whole([
      ...good.slice(0, 3),
      { ...session('b'), unfit: 'a lone surrogate' },
      ...good.slice(3, 4),
    ])
    await expect(mix.importRecords(bad)).rejects.toEqual(refusal({ code: 'STORAGE_STORED_DATA' }))
    await expect(mix.lifecycle.recordTransition('flow', null, 'C')).rejects.toEqual(
      refusal({ code: 'STORAGE_CONFLICT' }),
    )
    expect(await mix.importRecords(good)).toEqual({ imported: 4, skipped: 0 })
    const found = await Array.fromAsync(mix.exportRecords())
    expect(found).toEqual(whole([...good.slice(2, 4), ...moves]))
  })

  test('a mix takes one whole export only, each of its backends its own part of it', async () => {
    const { mix } = two()
    await mix.decisionAudit.record('flow', 'SEEN')
    await mix.escalation.recordBudgetToken('agent')
    const records = await Array.fromAsync(mix.exportRecords())
    const damaged = [records.slice(0, -1), records.slice(1), [...records, ...records]]
    for (const some of [...damaged, [...records.slice(0, 1), ...records], records.toReversed()]) {
      const { mix: copy } = two()
      const refused = refusal({ code: 'STORAGE_INVALID_ARGUMENT', argument: 'records' })
      await expect(copy.importRecords(some)).rejects.toEqual(refused)
      for (const write of [copy.decisionAudit.record('a', 'E'), copy.escalation.recordBudgetToken('a')])
        await expect(write).rejects.toEqual(refusal({ code: 'STORAGE_CONFLICT' }))
      expect(await copy.importRecords(records)).toEqual({ imported: 2, skipped: 0 })
      expect(await Array.fromAsync(copy.exportRecords())).toEqual(records)
    }
  })

  test('what is no record is refused by a mix as by one backend', async () => {
    for (const wrong of [undefined, [], [null], [{ type: 'nope' }]]) {
      const { mix } = two()
      const imported = mix.importRecords(wrong as never)
      await expect(imported).rejects.toEqual(refusal({ code: 'STORAGE_INVALID_ARGUMENT' }))
    }
  })
})

describe('explainMix', () => {
  test('finds nothing to say of one backend', () => {
    const one = memoryStorage()
    expect(explainMix(one)).toEqual([])
    expect(explainMix(mixStorage({ default: one })).filter((lost) => lost.lost.includes('commit'))).toEqual(
      [],
    )
  })

  test('names the pairs that cannot commit together, and what a crash leaves', () => {
    const { mix } = two()
    const lost = explainMix(mix)
    const pairs = lost
      .filter((one) => one.lost.endsWith('do not commit together'))
      .map((one) => one.protocols.join('+'))
    expect(pairs).toContain('lifecycle+decisionAudit')
    expect(pairs).not.toContain('resourceLock+decisionAudit')
    expect(lost.at(-1)?.lost).toBe('seen by one process only')
  })
})
