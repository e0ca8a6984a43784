import { test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { expectGoodDay } from './run.ts'

withServer('postgres', () => {
  test('a day on PostgreSQL ends as it should', () => expectGoodDay('postgres'))
})
