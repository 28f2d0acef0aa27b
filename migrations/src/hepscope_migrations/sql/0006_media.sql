-- Reports on RTP streams, one row each, beside the packet or message that carried it (same time and
-- id; number counts within it). source is the end where the packet came from, destination the other
-- one: as the report says, else as the packet was addressed. way: whether the source sends the stream
-- or receives it. call_id is '' until the call is known, and joined_by tells how it became known.
-- loss, discarded: shares, 0 to 1, of the time that loss_window tells. *_said: the source's own
-- figures; mos, r: ours, by the E-model, of the kind and scale of context (MOS-CQEN).
create table hepscope.media (
  time timestamptz not null,
  received_at timestamptz not null,
  started_at timestamptz,
  stopped_at timestamptz,
  id bigint not null,
  ssrc bigint,
  packets bigint,
  packets_lost bigint,
  source_port int,
  destination_port int,
  clock_hz int,
  loss real,
  discarded real,
  jitter_units real,
  jitter_ms real,
  jitter_max_ms real,
  round_trip_ms real,
  one_way_ms real,
  end_system_ms real,
  jitter_buffer_ms real,
  ptime_ms real,
  mos_lq_said real,
  mos_cq_said real,
  mos_min_said real,
  r_lq_said real,
  r_cq_said real,
  mos real,
  r real,
  number smallint not null,
  protocol_type smallint not null,
  payload_type smallint,
  is_final boolean not null default false,
  is_round_trip_said boolean,
  kind text not null,
  way text not null default '',
  loss_window text not null default '',
  joined_by text not null default '',
  context text,
  codec text,
  codec_from text,
  medium text,
  plc text,
  reporter text,
  node text,
  correlation_id text,
  call_id text not null default '',
  source inet,
  destination inet
) partition by range (time);
create index media_time on hepscope.media using brin (time) with (pages_per_range = 128);
create index media_call_id on hepscope.media (call_id, time);
create index media_unjoined_source on hepscope.media (source, source_port, time) where call_id = '';
create index media_unjoined_destination on hepscope.media (destination, destination_port, time)
  where call_id = '';
create index media_unjoined_correlation on hepscope.media (correlation_id, time) where call_id = '';

-- Where calls expect their media: a row for each media section of a session description, from the
-- time of its message until a day later. port is that of RTP, rtcp_port that of RTCP. codecs: payload
-- types and names in the order of the description, "8 PCMA/8000,96 opus/48000". batch: what was stored
-- together, a number that rises.
create table hepscope.media_address (
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  batch bigint not null,
  port int not null,
  rtcp_port int not null,
  medium text not null,
  codecs text not null default '',
  call_id text not null,
  address inet not null
) partition by range (valid_from);
create index media_address_endpoint on hepscope.media_address (address, port, valid_from);
create index media_address_batch on hepscope.media_address using brin (batch)
  with (pages_per_range = 16);
create index media_address_call_id on hepscope.media_address (call_id, valid_from);

-- Sums of reports by the minute of their time. Integers, changed with the rows in one transaction by
-- what they change, so always exactly their sum: MOS in thousandths, R in hundredths, loss in
-- millionths, times in microseconds. context '' where nothing was estimated, codec '' where unknown.
create table hepscope.media_minute (
  minute timestamptz not null,
  reports bigint not null default 0,
  mos_count bigint not null default 0,
  mos_milli bigint not null default 0,
  r_count bigint not null default 0,
  r_centi bigint not null default 0,
  loss_count bigint not null default 0,
  loss_ppm bigint not null default 0,
  jitter_count bigint not null default 0,
  jitter_us bigint not null default 0,
  round_trip_count bigint not null default 0,
  round_trip_us bigint not null default 0,
  node text not null,
  way text not null,
  codec text not null,
  context text not null,
  primary key (minute, node, way, codec, context)
) partition by range (minute);

insert into hepscope.partition_policy (root, width, ahead, keep, drop_order, storage) values
  ('hepscope.media', '1 day', '2 days', '30 days', 42, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.media_address', '1 day', '2 days', '30 days', 44,
    'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.media_minute', '1 day', '2 days', '30 days', 64,
    'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05');

-- What is left to join: a row per storing transaction, written in it. Endpoints of reports without a
-- call, calls that are to be looked for, the batch of the addresses just offered, all within a range
-- of times; and the worst figures of reports by their call.
create table hepscope.media_queue (
  id bigint generated always as identity primary key,
  stored_at timestamptz not null default now(),
  first_us bigint not null,
  last_us bigint not null,
  batch bigint,
  addresses inet[] not null default '{}',
  ports int[] not null default '{}',
  asked_ids text[] not null default '{}',
  call_ids text[] not null default '{}',
  call_times_us bigint[] not null default '{}',
  worst_mos real[] not null default '{}',
  worst_loss real[] not null default '{}',
  worst_jitter_ms real[] not null default '{}'
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000);

do $$
begin
  if hepscope.roles_in_force() then
    grant select on hepscope.media, hepscope.media_address, hepscope.media_minute,
      hepscope.media_queue to hepscope_writer, hepscope_reader;
    grant insert, update on hepscope.media, hepscope.media_address, hepscope.media_minute
      to hepscope_writer;
    grant insert, delete on hepscope.media_queue to hepscope_writer;
  end if;
  -- Not all tables: that would lock what older releases work on.
  if to_regrole('grafanareader') is not null then
    grant select on hepscope.media, hepscope.media_address, hepscope.media_minute to grafanareader;
  end if;
end $$;
