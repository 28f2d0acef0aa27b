-- The highest packet number stored of each origin in a bus partition: what is sent again is skipped.
-- Many small updates of few rows: pages keep room for the next versions of their rows, and no index
-- holds updated_at, so that an update touches none.
create table hepscope.bus_origin (
  bus_id text not null,
  topic text not null,
  partition int not null,
  origin bytea not null,
  seq bigint not null,
  updated_at timestamptz not null default now(),
  primary key (bus_id, topic, partition, origin)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Gaps of a log that an operator accepted: the position went from from_offset to to_offset, and
-- records is how many were given up by it.
create table hepscope.bus_gap (
  bus_id text not null,
  topic text not null,
  partition int not null,
  from_offset bigint not null,
  to_offset bigint not null,
  records bigint not null,
  accepted_at timestamptz not null default now(),
  accepted_by text not null,
  primary key (bus_id, topic, partition, accepted_at)
);

-- Forget origins that were silent since before the time given; returns how many. Rows that a writer
-- holds are no silent ones, whatever they said a moment ago.
create function hepscope.expire_origins(silent_since timestamptz) returns bigint
language sql security definer set search_path = hepscope, pg_temp as $$
  with gone as (
    delete from bus_origin where (bus_id, topic, partition, origin) in (
      select bus_id, topic, partition, origin from bus_origin
      where updated_at < silent_since
      order by bus_id, topic, partition, origin
      for update skip locked)
    returning 1
  )
  select count(*) from gone
$$;
revoke execute on function hepscope.expire_origins(timestamptz) from public;

do $$
begin
  if not hepscope.roles_in_force() then
    return;
  end if;
  grant select on hepscope.bus_origin, hepscope.bus_gap to hepscope_writer, hepscope_reader;
  grant insert, update on hepscope.bus_origin to hepscope_writer;
  grant insert on hepscope.bus_gap to hepscope_writer;
  grant execute on function hepscope.expire_origins(timestamptz) to hepscope_writer;
end $$;
