import { withServer } from '../../../scripts/servers/live.ts'
import { freshMix, freshPostgres } from './stores.ts'
import { agentOn } from './story.ts'

withServer('postgres', (url) => {
  agentOn('PostgreSQL', () => freshPostgres(url))
  agentOn('a mix of both', () => freshMix(url))
})
