-- Attempts as RFC 6076 counts them, measured from the stored messages of a call. is_overall: as all
-- nodes together saw it; nodes: who saw it just so. A node that saw it otherwise has a row of its
-- own, which is not overall. due_at: when it is to be measured again, null once nothing is open.
create table hepscope.attempt (
  started_at timestamptz not null,
  answered_at timestamptz,
  ended_at timestamptz,
  due_at timestamptz,
  srd_us bigint,
  pdd_us bigint,
  rrd_us bigint,
  sdd_us bigint,
  duration_us bigint,
  source_port int,
  destination_port int,
  status smallint,
  bye_status smallint,
  is_overall boolean not null,
  is_settled boolean not null,
  is_completed boolean not null,
  is_ended boolean not null,
  follows_redirection boolean not null,
  method text not null,
  call_id text not null,
  user_agent text,
  source inet,
  destination inet,
  nodes text[] not null
) partition by range (started_at);
create index attempt_started on hepscope.attempt (started_at);
create index attempt_call_id on hepscope.attempt (call_id);
create index attempt_due on hepscope.attempt (due_at) where due_at is not null;

-- Sums of attempts by the minute of their start; of sessions by the minute of their answer and of
-- their end, which is a day after the answer while no BYE was seen. node '' is overall, status -1 no
-- final. Changed with the attempts in one transaction, by what they changed, so always their sum.
create table hepscope.kpi_minute (
  minute timestamptz not null,
  attempts bigint not null default 0,
  follow_ups bigint not null default 0,
  completed bigint not null default 0,
  sessions_started bigint not null default 0,
  sessions_ended bigint not null default 0,
  sessions_carried bigint not null default 0,  -- of those ended: answered on an earlier day (UTC)
  srd_successful_count bigint not null default 0,
  srd_successful_us bigint not null default 0,
  srd_failed_count bigint not null default 0,
  srd_failed_us bigint not null default 0,
  pdd_count bigint not null default 0,
  pdd_us bigint not null default 0,
  rrd_count bigint not null default 0,
  rrd_us bigint not null default 0,
  sdd_successful_count bigint not null default 0,
  sdd_successful_us bigint not null default 0,
  sdd_failed_count bigint not null default 0,
  sdd_failed_us bigint not null default 0,
  sdt_successful_count bigint not null default 0,
  sdt_successful_us bigint not null default 0,
  sdt_failed_count bigint not null default 0,
  sdt_failed_us bigint not null default 0,
  status smallint not null,
  method text not null,
  node text not null,
  primary key (minute, node, method, status)
) partition by range (minute);

insert into hepscope.partition_policy (root, width, ahead, keep, drop_order, storage) values
  ('hepscope.attempt', '1 day', '2 days', '30 days', 55, 'autovacuum_vacuum_scale_factor = 0.05'),
  ('hepscope.kpi_minute', '1 day', '2 days', '30 days', 65,
    'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05');

-- What is to be measured: a row per storing transaction, written in it, with the calls (by Call-ID
-- and a time within) and the registrations (by Call-ID, first and last message) that it touched.
create table hepscope.measure_queue (
  id bigint generated always as identity primary key,
  stored_at timestamptz not null default now(),
  call_ids text[] not null default '{}',
  call_times_us bigint[] not null default '{}',
  register_ids text[] not null default '{}',
  register_first_us bigint[] not null default '{}',
  register_last_us bigint[] not null default '{}'
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000);
-- Call-IDs do not compress.
alter table hepscope.measure_queue alter call_ids set storage external,
  alter register_ids set storage external;

-- Queues the calls and registrations that began in a range of times to be measured (again): what was
-- stored before this table was there, or by a writer of an older release. Returns how many.
create function hepscope.measure_again(since timestamptz, until timestamptz) returns bigint
language sql volatile security definer set search_path = hepscope, pg_temp as $$
  with found as (
    select call_id, unix_us(started_at) as first_us, unix_us(last_at) as last_us,
      row_number() over (order by started_at) / 1000 as part
    from call where started_at >= since and started_at < until and key_time >= since - interval '1 day'
  ), registered as (
    select call_id, unix_us(started_at) as first_us, unix_us(last_at) as last_us,
      row_number() over (order by started_at) / 1000 as part
    from registration
    where started_at >= since and started_at < until and day >= since - interval '1 day'
  ), calls as (
    insert into measure_queue (call_ids, call_times_us)
    select array_agg(call_id), array_agg(first_us) from found group by part
  ), registrations as (
    insert into measure_queue (register_ids, register_first_us, register_last_us)
    select array_agg(call_id), array_agg(first_us), array_agg(last_us) from registered group by part
  )
  select (select count(*) from found) + (select count(*) from registered)
$$;
revoke execute on function hepscope.measure_again(timestamptz, timestamptz) from public;

-- As before (see 0003_readers.sql), and every table that is cut by time is one that dashboards read.
create or replace function hepscope.grant_grafanareader() returns boolean
language plpgsql set search_path = pg_catalog as $$
declare
  readable constant name[] := array['sip', 'sip_stray', 'packet', 'packet_stray', 'party', 'node',
    'partition_policy'];
  found regclass;
begin
  if to_regrole('grafanareader') is null then
    return false;
  end if;
  grant usage on schema hepscope to grafanareader;
  for found in
    select oid from pg_class
    where relnamespace = 'hepscope'::regnamespace and relkind in ('r', 'p')
      and (relispartition or relname = any (readable)
        or oid in (select root from hepscope.partition_policy))
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

do $$
begin
  if hepscope.roles_in_force() then
    grant select on hepscope.attempt, hepscope.kpi_minute, hepscope.measure_queue
      to hepscope_writer, hepscope_reader;
    grant insert, update, delete on hepscope.attempt, hepscope.kpi_minute to hepscope_writer;
    grant insert, delete on hepscope.measure_queue to hepscope_writer;
    grant execute on function hepscope.measure_again(timestamptz, timestamptz) to hepscope_writer;
  end if;
end $$;
-- Not all of them: that would lock what older releases work on.
do $$
begin
  if to_regrole('grafanareader') is not null then
    grant select on hepscope.attempt, hepscope.kpi_minute to grafanareader;
  end if;
end $$;
