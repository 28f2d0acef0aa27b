-- The winner of each method: the greatest key; of equal keys the greater reason, so that the order
-- of merging never shows. In PL/pgSQL, since it is called for each call that a batch updates: a SQL
-- function cannot be inlined here and took 60 us instead of 10.
create function hepscope.merge_finals(a jsonb, b jsonb) returns jsonb
language plpgsql immutable parallel safe as $$
declare
  of_method text;
  ours jsonb;
  theirs jsonb;
begin
  if b is null or b = '{}' or a = b then
    return a;
  elsif a is null or a = '{}' then
    return b;
  end if;
  for of_method, theirs in select key, value from jsonb_each(b) loop
    ours := a -> of_method;
    if ours is null or (theirs -> 0)::bigint > (ours -> 0)::bigint
      or (theirs -> 0) = (ours -> 0)
        and coalesce(theirs ->> 1, '') collate "C" > coalesce(ours ->> 1, '') collate "C"
    then
      a := jsonb_set(a, array[of_method], theirs);
    end if;
  end loop;
  return a;
end $$;

-- Microseconds since 1970-01-01 UTC; null for an infinite time.
create function hepscope.unix_us(t timestamptz) returns bigint
language sql immutable parallel safe set search_path = pg_catalog as $$
  select case when isfinite(t) then (extract(epoch from t) * 1000000)::bigint end
$$;

-- The leaves of one root, oldest first. pending: a DETACH CONCURRENTLY was interrupted.
create function hepscope.leaves(r regclass)
returns table (leaf text, lower timestamptz, upper timestamptz, pending boolean)
language sql stable set search_path = pg_catalog as $$
  select c.relname::text,
    substring(pg_get_expr(c.relpartbound, c.oid) from $re$FROM \('([^']+)'\)$re$)::timestamptz as lower,
    substring(pg_get_expr(c.relpartbound, c.oid) from $re$TO \('([^']+)'\)$re$)::timestamptz,
    i.inhdetachpending
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = r and c.relkind = 'r'
  order by 2
$$;

-- Whether group roles guard this database (see bootstrap.sql).
create function hepscope.roles_in_force() returns boolean
language sql stable set search_path = pg_catalog as $$
  select coalesce(
    (select nspowner = to_regrole('hepscope_owner') from pg_namespace where nspname = 'hepscope'), false)
$$;

-- The leaf that holds t, made if missing, and the range of times [lower_us, upper_us) for which the
-- answer is the same. leaf is null when t is expired (below floor; lower_us null) or too far ahead
-- (upper_us null); such rows go to the stray table.
-- A leaf is found by its bounds, not its name: the width may have changed since it was made. A new
-- one is cut to fit between its neighbours. Made by LIKE and ATTACH, never PARTITION OF, which would
-- lock writers and readers of the root out.
create function hepscope.ensure_partition(
  r regclass, t timestamptz, as_of timestamptz default now(),
  out leaf text, out lower_us bigint, out upper_us bigint)
language plpgsql security definer set search_path = hepscope, pg_temp set lock_timeout = '2s' as $$
declare
  p partition_policy;
  lo timestamptz;
  hi timestamptz;
  bound timestamptz;
begin
  select * into p from partition_policy where root = r;
  if not found then
    raise exception 'no partition policy for %', r using errcode = 'invalid_parameter_value';
  end if;
  lo := date_bin(p.width, t, timestamptz '2000-01-01 00:00:00+00');
  hi := lo + p.width;
  if t < p.floor then
    upper_us := unix_us(p.floor);
    return;
  end if;
  if lo > as_of + p.ahead then
    lower_us := unix_us(lo);
    return;
  end if;
  for attempt in 1..2 loop
    select l.leaf, unix_us(l.lower), unix_us(l.upper) into leaf, lower_us, upper_us
      from leaves(r) l where l.lower <= t and t < l.upper and not l.pending;
    if leaf is not null then
      return;
    end if;
    -- Whoever held this lock before us may have made the leaf: look again.
    if attempt = 1 then
      perform pg_advisory_xact_lock(1213222981, r::oid::int);
    end if;
  end loop;
  bound := (select max(l.upper) from leaves(r) l where l.upper <= t);
  lo := greatest(lo, bound, p.floor);
  bound := (select min(l.lower) from leaves(r) l where l.lower > t);
  hi := least(hi, bound);
  leaf := (select relname from pg_class where oid = r)
    || to_char(lo at time zone 'UTC', '"_p"YYYYMMDD"_"HH24MI');
  lower_us := unix_us(lo);
  upper_us := unix_us(hi);
  -- A table of this name that holds no such range is on its way out (detached, not yet dropped).
  if to_regclass('hepscope.' || quote_ident(leaf)) is not null then
    leaf := null;
    return;
  end if;
  execute format(
    'create table hepscope.%I (like %s including defaults including constraints including generated including storage) %s',
    leaf, r, case when p.storage <> '' then 'with (' || p.storage || ')' else '' end);
  execute format('alter table %s attach partition hepscope.%I for values from (%L) to (%L)', r, leaf, lo, hi);
  if roles_in_force() then
    execute format('grant select, insert, update on hepscope.%I to hepscope_writer', leaf);
    execute format('grant select on hepscope.%I to hepscope_reader', leaf);
  end if;
end $$;

-- Summarizes new page ranges of the BRIN indexes of one leaf; returns how many ranges. Autosummarize
-- would do it too late, and floods the log when its short queue overflows.
create function hepscope.summarize_leaf(leaf text) returns bigint
language sql volatile security definer set search_path = hepscope, pg_temp as $$
  select coalesce(sum(brin_summarize_new_values(i.indexrelid)), 0)::bigint
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
  where i.indrelid = to_regclass('hepscope.' || quote_ident(leaf)) and a.amname = 'brin'
$$;

revoke execute on function hepscope.ensure_partition(regclass, timestamptz, timestamptz) from public;
revoke execute on function hepscope.summarize_leaf(text) from public;
