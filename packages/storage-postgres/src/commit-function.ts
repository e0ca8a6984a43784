import { LockNames } from './locks.ts'
import { PROTOCOLS } from './operations.ts'
import type { AnyWrite } from './protocol.ts'
import { micros } from './time.ts'
import { notifyFollowers } from './watch.ts'
import { OVERTAKEN, PASSED_DEADLINE, TOO_MANY_LOCKS, WRONG_ISOLATION } from './wire.ts'

/** The holds of flows are known here alone; beyond so many resources the server's table of locks could be full. */
const MOST_RESOURCES = 2048

/** A CASE by protocol and operation. */
function dispatch(part: 'judge' | 'write', toStatements: (text: string, write: AnyWrite) => string): string {
  const protocols = Object.entries(PROTOCOLS).flatMap(([protocol, { writes }]) => {
    const cases = Object.entries<AnyWrite>(writes).flatMap(([operation, write]) => {
      const text = write[part]
      return text === undefined ? [] : [`WHEN '${operation}' THEN ${toStatements(text, write)}`]
    })
    return cases.length === 0
      ? []
      : [`WHEN '${protocol}' THEN CASE a_group->>1 ${cases.join('\n')} ELSE NULL; END CASE;`]
  })
  return `CASE a_group->>0 ${protocols.join('\n')} ELSE NULL; END CASE;`
}

/**
 * The server's side of every write: one statement that locks, judges, writes and answers a list of works, and commits by
 * itself. Locks are taken in one order that all agree on: records, then resources, then the log of events; so no two of
 * these can deadlock. A commit has its handle's number: one that is there already is answered again, not carried out.
 * Without a handle it is part of a transaction of the application's, see `joinFunction`.
 *
 * Works come in waves. Those of one concern different records, so that all are judged, and then all are written, by one
 * statement for each kind of call.
 */
export function commitFunction(namespace: string): string {
  const names = new LockNames(namespace)
  const resourceKey = (name: string): string =>
    `('x' || left(encode(sha256(convert_to('${names.resourcePrefix}' || ${name}, 'UTF8')), 'hex'), 16))::BIT(64)::BIGINT`
  // an expression by itself is much cheaper than a statement
  const take = (lock: string): string => `is_free := pg_advisory_xact_lock${lock} IS NULL;`
  const tryAll = (keys: string): string =>
    `FOREACH one IN ARRAY ${keys} LOOP is_had := pg_try_advisory_xact_lock(one); EXIT WHEN NOT is_had; END LOOP;`
  /** Sets \`mine\`. What a flow holds is known once the flow is locked. */
  const resourceKeys = (named: string, flows: string): string => /* sql */ `mine := ARRAY(
      SELECT DISTINCT ${resourceKey('name')} AS k FROM (
        SELECT unnest(${named}) AS name UNION ALL SELECT resource_id FROM resource_locks WHERE dfid = ANY(${flows})
      ) AS listed ORDER BY k);
    IF cardinality(mine) > ${MOST_RESOURCES} THEN
      RAISE EXCEPTION 'too many locks' USING ERRCODE = '${TOO_MANY_LOCKS}';
    END IF;`
  const texts = (list: string): string => `ARRAY(SELECT jsonb_array_elements_text(${list}))`

  return /* sql */ `
CREATE OR REPLACE FUNCTION "${namespace}".commit_works(
  handle_id UUID, handle_key BIGINT, commit_number BIGINT, settings JSONB,
  keys BIGINT[], resources TEXT[], flows TEXT[], locks JSONB, deadlines BIGINT[], waves JSONB
) RETURNS JSONB LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = "${namespace}", pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $commit$
#variable_conflict use_column
DECLARE
  kept RECORD; moment TIMESTAMPTZ; moment_micros BIGINT; soonest BIGINT;
  mine BIGINT[]; behind TEXT[] := '{}'; is_free BOOLEAN; is_had BOOLEAN; is_audit_free BOOLEAN;
  is_late BOOLEAN := false; one BIGINT; setting TEXT;
  wave JSONB; a_group JSONB; calls JSONB; failed JSONB; ids TEXT[]; by_id JSONB; told JSONB; last_seq BIGINT;
  refused INTEGER[] := '{}'; refusals JSONB := '[]'; answers_of_all JSONB := '[]';
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'a standby takes no writes' USING ERRCODE = '25006';
  END IF;
  -- a view that is older than the locks would judge by what was
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'not at this level of isolation' USING ERRCODE = '${WRONG_ISOLATION}';
  END IF;
  IF (settings->>'makesDurable')::BOOLEAN THEN setting := set_config('synchronous_commit', 'on', true); END IF;
  setting := set_config('lock_timeout', settings->>'lockWaitMs', true);

  IF handle_id IS NOT NULL THEN
    ${take('(handle_key)')}
    SELECT number, answers INTO kept FROM kept_answers WHERE handle = handle_id;
    IF kept.number = commit_number THEN
      RETURN kept.answers || jsonb_build_array(${micros('clock_timestamp()')});
    ELSIF kept.number > commit_number THEN
      RAISE EXCEPTION 'a later commit of this handle is there' USING ERRCODE = '${OVERTAKEN}';
    END IF;
  END IF;

  -- with a list of locks by work: take what is free
  IF locks IS NOT NULL THEN
    is_free := CASE WHEN (settings->>'isWhole')::BOOLEAN THEN pg_try_advisory_xact_lock(${names.everything})
      ELSE pg_try_advisory_xact_lock_shared(${names.everything}) END;
    FOR w IN 0 .. jsonb_array_length(locks) - 1 LOOP
      ids := ${texts('locks->w->4')};
      -- what concerns the same as earlier work that is not carried out may not overtake it
      is_had := is_free AND NOT ids && behind;
      IF is_had AND NOT (settings->>'isWhole')::BOOLEAN THEN
        ${tryAll(`${texts('locks->w->0')}::BIGINT[]`)}
        IF is_had AND jsonb_array_length(locks->w->1) + jsonb_array_length(locks->w->2) > 0 THEN
          ${resourceKeys(texts('locks->w->1'), texts('locks->w->2'))}
          ${tryAll('mine')}
        END IF;
        IF is_had AND (locks->w->>3)::BOOLEAN THEN
          is_audit_free := coalesce(is_audit_free, pg_try_advisory_xact_lock(${names.audit}));
          is_had := is_audit_free;
        END IF;
      END IF;
      IF NOT is_had THEN
        refused := refused || w;
        behind := behind || ids;
      END IF;
    END LOOP;
    refusals := (SELECT coalesce(jsonb_agg(jsonb_build_array(w, 0, 'blocked')), '[]') FROM unnest(refused) AS w);
  ELSIF (settings->>'isWhole')::BOOLEAN THEN ${take(`(${names.everything})`)}
  ELSE
    ${take(`_shared(${names.everything})`)}
    FOREACH one IN ARRAY keys LOOP ${take('(one)')} END LOOP;
    IF cardinality(resources) + cardinality(flows) > 0 THEN
      ${resourceKeys('resources', 'flows')}
      FOREACH one IN ARRAY mine LOOP ${take('(one)')} END LOOP;
    END IF;
    IF (settings->>'appends')::BOOLEAN THEN ${take(`(${names.audit})`)} END IF;
  END IF;

  moment := clock_timestamp();
  moment_micros := ${micros('moment')};
  FOR w IN 0 .. cardinality(deadlines) - 1 LOOP
    IF w = ANY(refused) THEN CONTINUE; END IF;
    -- the client may take it for late by mistake and send it again; what came after it may not overtake it
    is_late := is_late OR deadlines[w + 1] < moment_micros;
    IF is_late THEN
      refused := refused || w;
      refusals := refusals || jsonb_build_array(jsonb_build_array(w, 0, 'late'));
    ELSE soonest := least(soonest, deadlines[w + 1]);
    END IF;
  END LOOP;
  IF locks IS NOT NULL THEN
    resources := ARRAY(SELECT jsonb_array_elements_text(value->1) FROM jsonb_array_elements(locks)
      WITH ORDINALITY AS listed (value, place) WHERE (place - 1)::INTEGER <> ALL (refused));
  END IF;
  IF cardinality(resources) > 0 THEN
    DELETE FROM resource_locks WHERE resource_id = ANY(resources) AND expires_at <= moment;
  END IF;

  FOR v IN 0 .. jsonb_array_length(waves) - 1 LOOP
    wave := waves->v;
    FOR g IN 0 .. jsonb_array_length(wave) - 1 LOOP
      a_group := wave->g; calls := a_group->2; failed := NULL;
      ${dispatch(
        'judge',
        (text, { beforeJudge = '' }) =>
          /* sql */ `${beforeJudge} SELECT jsonb_agg(jsonb_build_array(w, c, why)) INTO failed FROM (${text}) AS f (w, c, why);`,
      )}
      IF failed IS NOT NULL THEN
        refusals := refusals || failed;
        refused := refused || ARRAY(
          SELECT DISTINCT (value->>0)::INTEGER FROM jsonb_array_elements(failed)
          WHERE (value->>0)::INTEGER <> ALL (refused)
        );
      END IF;
    END LOOP;
    FOR g IN 0 .. jsonb_array_length(wave) - 1 LOOP
      a_group := wave->g; calls := a_group->2; told := NULL;
      IF cardinality(refused) > 0 THEN
        calls := (SELECT jsonb_agg(value ORDER BY place) FROM jsonb_array_elements(calls)
          WITH ORDINALITY AS listed (value, place) WHERE (value->>0)::INTEGER <> ALL (refused));
        IF calls IS NULL THEN CONTINUE; END IF;
      END IF;
      ${dispatch('write', (text) => text)}
      IF told IS NOT NULL THEN answers_of_all := answers_of_all || told; END IF;
    END LOOP;
  END LOOP;

  IF (settings->>'appends')::BOOLEAN THEN
    ${notifyFollowers(names)}
  END IF;
  -- what is late by now is undone with all of this commit
  IF soonest < ${micros('clock_timestamp()')} - 100000 THEN
    RAISE EXCEPTION 'late' USING ERRCODE = '${PASSED_DEADLINE}';
  END IF;
  -- what handles that never closed left, and what nobody holds any more; last, so that nothing is waited for afterwards
  IF commit_number = 1 THEN
    DELETE FROM kept_answers WHERE at < moment - INTERVAL '1 day';
    DELETE FROM resource_totals WHERE resource_id IN (
      SELECT resource_id FROM resource_totals WHERE micros = 0 FOR UPDATE SKIP LOCKED
    );
  END IF;
  told := jsonb_build_array(refusals, answers_of_all);
  -- a refusal is kept where an earlier sending could still arrive, and find that it may
  IF handle_id IS NOT NULL AND ((settings->>'isRepeated')::BOOLEAN OR cardinality(refused) < cardinality(deadlines)) THEN
    INSERT INTO kept_answers (handle, number, answers) VALUES (handle_id, commit_number, told)
    ON CONFLICT (handle) DO UPDATE SET number = EXCLUDED.number, answers = EXCLUDED.answers, at = EXCLUDED.at;
  END IF;
  RETURN told || jsonb_build_array(${micros('clock_timestamp()')});
END $commit$;
`
}
