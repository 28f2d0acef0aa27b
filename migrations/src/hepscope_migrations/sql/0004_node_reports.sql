-- What each ingest says of its capture nodes, and of addresses from which it only refused: a row per
-- slot of its table, whose size bounds this one. Counts are since started_at, rates over the last
-- period. stored_at is the time of this server, by which a silent ingest is told whatever its own
-- clock says, bus_id the bus that brought the row, whose order counts; slot 0, everything without a slot of its own, comes with every report. An empty name:
-- the slot is free.
create table hepscope.node_report (
  started_at timestamptz not null,
  reported_at timestamptz not null,
  stored_at timestamptz not null default now(),
  first_seen timestamptz,
  last_seen timestamptz,
  last_refused timestamptz,
  node_id bigint,
  packets bigint not null default 0,
  bytes bigint not null default 0,
  clock_skew_us bigint,
  packets_per_s float8 not null default 0,
  bytes_per_s float8 not null default 0,
  refused_per_s float8 not null default 0,
  slot int not null,
  period_ms int not null,
  bus_id text not null,
  instance text not null,
  kind text not null,
  name text not null,
  hep_versions smallint[] not null default '{}',
  refused jsonb not null default '{}',
  quirks jsonb not null default '{}',
  primary key (instance, slot)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

do $$
begin
  if not hepscope.roles_in_force() then
    return;
  end if;
  grant select on hepscope.node_report to hepscope_writer, hepscope_reader;
  grant insert, update on hepscope.node_report to hepscope_writer;
end $$;
