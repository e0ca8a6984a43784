import { freshSqlite } from './stores.ts'
import { agentOn } from './story.ts'

agentOn('SQLite', freshSqlite)
