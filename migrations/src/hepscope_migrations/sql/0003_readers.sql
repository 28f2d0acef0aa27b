-- Grants grafanareader SELECT on what dashboards read: traffic, calls and how they are kept, never
-- what a later release stores about users. Nothing happens while the role is missing; again after
-- it was made is harmless. Returns whether it is there.
create or replace function hepscope.grant_grafanareader() returns boolean
language plpgsql set search_path = pg_catalog as $$
declare
  readable constant name[] := array['sip', 'sip_call', 'sip_registration', 'sip_other', 'sip_stray',
    'packet', 'packet_media', 'packet_log', 'packet_other', 'packet_stray',
    'call', 'registration', 'party', 'node', 'partition_policy'];
  found regclass;
begin
  if to_regrole('grafanareader') is null then
    return false;
  end if;
  grant usage on schema hepscope to grafanareader;
  for found in
    select oid from pg_class
    where relnamespace = 'hepscope'::regnamespace and relkind in ('r', 'p')
      and (relispartition or relname = any (readable))
  loop
    begin
      execute format('grant select on %s to grafanareader', found);
    exception when undefined_table or internal_error then null;  -- dropped or changed meanwhile
    end;
  end loop;
  if to_regnamespace('homer') is not null then
    grant usage on schema homer to grafanareader;
    grant select on all tables in schema homer to grafanareader;
  end if;
  return true;
end $$;
revoke execute on function hepscope.grant_grafanareader() from public;

-- As before (see 0001_functions.sql), and grafanareader may read a new leaf.
create or replace function hepscope.ensure_partition(
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
  if to_regrole('grafanareader') is not null then
    execute format('grant select on hepscope.%I to grafanareader', leaf);
  end if;
end $$;

select hepscope.grant_grafanareader();
