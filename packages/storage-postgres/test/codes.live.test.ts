import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isStorageError } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { postgresBinaries } from '../../../scripts/servers/binaries/postgres.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { sql, withDatabase } from './databases.ts'

const TIMEOUT_MS = 3_000

/** What a refusal of each class, or with this code, becomes; the longest that fits counts. */
const EXPECTED: Readonly<Record<string, string>> = {
  '03': 'SCHEMA not-applied',
  '08': 'UNAVAILABLE unknown',
  '08P01': 'CONFIGURATION unknown',
  '09': 'SCHEMA not-applied',
  '0A': 'CONFIGURATION not-applied',
  '0B': 'SCHEMA not-applied',
  '0F': 'SCHEMA not-applied',
  '0L': 'PERMISSION not-applied',
  '0P': 'PERMISSION not-applied',
  '0Z': 'SCHEMA not-applied',
  '10': 'SCHEMA not-applied',
  '20': 'SCHEMA not-applied',
  '21': 'SCHEMA not-applied',
  '22': 'SCHEMA not-applied',
  '23': 'SCHEMA not-applied',
  '24': 'SCHEMA not-applied',
  '25': 'CONFIGURATION not-applied',
  '25006': 'READ_ONLY not-applied',
  '25P03': 'TIMEOUT unknown retryable: false',
  '25P04': 'TIMEOUT unknown retryable: false',
  '26': 'CONFIGURATION not-applied',
  '27': 'SCHEMA not-applied',
  '28': 'AUTH not-applied',
  '2B': 'CONFLICT not-applied',
  '2D': 'SCHEMA not-applied',
  '2F': 'SCHEMA not-applied',
  '34': 'SCHEMA not-applied',
  '38': 'SCHEMA not-applied',
  '39': 'SCHEMA not-applied',
  '3B': 'SCHEMA not-applied',
  '3D': 'UNAVAILABLE not-applied retryable: false',
  '3F': 'SCHEMA not-applied',
  '40': 'RESOURCE_CONTENTION not-applied retryable: true',
  '40003': 'UNAVAILABLE unknown',
  '42': 'SCHEMA not-applied',
  '42501': 'PERMISSION not-applied',
  '42P05': 'CONFIGURATION not-applied',
  '44': 'SCHEMA not-applied',
  '53000': 'UNAVAILABLE not-applied retryable: true',
  '53100': 'FULL not-applied',
  '53200': 'FULL not-applied',
  '53300': 'UNAVAILABLE not-applied retryable: true',
  '53400': 'CONFIGURATION not-applied',
  '54': 'VALUE_TOO_LARGE not-applied',
  '55': 'SCHEMA not-applied',
  '55006': 'RESOURCE_CONTENTION not-applied retryable: true',
  '55P02': 'CONFIGURATION not-applied',
  '55P03': 'RESOURCE_CONTENTION not-applied retryable: true',
  '57000': 'UNAVAILABLE not-applied retryable: true',
  '57014': 'TIMEOUT not-applied retryable: true',
  '57P': 'UNAVAILABLE unknown',
  '58': 'IO not-applied',
  F0: 'CONFIGURATION not-applied',
  HV: 'SCHEMA not-applied',
  P0: 'SCHEMA not-applied',
  XX: 'INTERNAL not-applied',
  XX001: 'CORRUPT not-applied',
  XX002: 'CORRUPT not-applied',
}

/** A write of this flow is refused with the code that is its id's end, by words that quote what was written. */
const REFUSE = `CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE PLPGSQL AS $$ BEGIN
  IF NEW.dfid LIKE 'flow-%' THEN
    RAISE EXCEPTION 'refused: %', NEW.dfid || NEW.partial_state_json USING ERRCODE = right(NEW.dfid, 5);
  END IF;
  RETURN NEW; END $$;
  CREATE TRIGGER refuse BEFORE INSERT ON dir_storage.saga_dirty_state FOR EACH ROW EXECUTE FUNCTION refuse()`

/** PostgreSQL's own list of the codes of errors. */
function errorCodes(): string[] {
  const { folder } = postgresBinaries()
  const version = path.basename(folder)
  const file = [`${folder}/share/postgresql`, `${folder}/share`, `/usr/share/postgresql/${version}`]
    .map((place) => path.join(place, 'errcodes.txt'))
    .find((one) => existsSync(one))
  if (file === undefined) throw new Error(`no errcodes.txt near ${folder}`)
  return Array.from(readFileSync(file, 'utf8').matchAll(/^([0-9A-Z]{5})\s+E\s/gm), ([, code]) => code ?? '')
}

function expectedOf(code: string): string {
  for (const length of [5, 3, 2]) {
    const found = EXPECTED[code.slice(0, length)]
    if (found === undefined) continue
    return found.includes('retryable') ? found : `${found} retryable: false`
  }
  return 'nobody has thought of it'
}

withServer('postgres', (server) => {
  test('each code of PostgreSQL has its class and outcome, alone and in a batch, and quotes nothing', async () => {
    await withDatabase(server, '', async (url) => {
      await using first = postgresStorage(url)
      await first.init()
      await sql(url, REFUSE)
      const codes = errorCodes()
      expect(codes.length).toBeGreaterThan(200)
      const answers = async (inBatch: boolean): Promise<Record<string, string>> => {
        const found: Record<string, string> = {}
        const left = [...codes]
        const late: string[] = []
        const ask = async (): Promise<void> => {
          await using storage = postgresStorage({ url, poolSize: 1, operationTimeoutMs: TIMEOUT_MS })
          await storage.init()
          for (let code = left.pop(); code !== undefined; code = left.pop()) {
            const flow = `flow-${code}`
            const refused = inBatch
              ? storage.atomically((batch) => batch.saga.markDirty(flow, 'step', '"payload"'))
              : storage.saga.markDirty(flow, 'step', '"payload"')
            const error: unknown = await refused.catch((reason: unknown) => reason)
            if (!isStorageError(error)) throw error
            expect(`${JSON.stringify(error)} ${JSON.stringify(error.cause)}`).not.toMatch(/payload|flow-/)
            found[code] =
              `${error.code.replace('STORAGE_', '')} ${error.outcome} retryable: ${error.retryable}`
            // on a busy machine there may have been no connection in time: so it is asked again, a few times
            if (found[code]?.startsWith('TIMEOUT') && late.filter((one) => one === code).length < 3) {
              late.push(code)
              left.push(code)
            }
            if (error.code === 'STORAGE_CORRUPT') return ask() // this handle writes no more
          }
        }
        await Promise.all([1, 2, 3, 4].map(ask))
        return found
      }
      expect(await answers(false)).toEqual(Object.fromEntries(codes.map((code) => [code, expectedOf(code)])))
      expect(await answers(true)).toEqual(Object.fromEntries(codes.map((code) => [code, expectedOf(code)])))
    })
  }, 120_000)
})
