import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { sql, withDatabase } from './databases.ts'

const LEFT = 23_456

/** What an interrupted import left; how many events each statement removes is written down. */
const INTERRUPTED = /* sql */ `SET search_path = dir_storage;
  INSERT INTO meta (name, value) VALUES ('importing', 1);
  INSERT INTO decision_audit_events (dfid, event, "timestamp", step_id, state, detail_json)
  SELECT 'flow', 'E', '2020-01-01', '', '', '{}' FROM generate_series(1, ${LEFT});
  INSERT INTO flow_transitions (dfid, to_status) SELECT 'flow ' || i, 'OPEN' FROM generate_series(1, ${LEFT}) AS i;
  CREATE TABLE public.removed (events BIGINT);
  CREATE FUNCTION public.count_removed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.removed SELECT count(*) FROM gone;
    RETURN NULL;
  END $$;
  CREATE TRIGGER counts AFTER DELETE ON decision_audit_events
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.count_removed();`

withServer('postgres', (server) => {
  test('what an interrupted import left is removed a part at a time, however much it is', async () => {
    await withDatabase(server, '', async (url) => {
      await using storage = postgresStorage(url)
      await storage.init()
      await sql(url, INTERRUPTED)
      await storage.importRecords([{ type: 'counters', seq: 7, fence: 7, records: 0 }])
      const rows = await sql(
        url,
        /* sql */ `SELECT sum(events)::INTEGER AS all, max(events)::INTEGER AS most FROM public.removed`,
      )
      expect(rows).toEqual([{ all: LEFT, most: 5_000 }])
      expect(await Array.fromAsync(storage.exportRecords())).toEqual([
        { type: 'counters', seq: 7, fence: 7, records: 0 },
      ])
    })
  })
})
