-- Columns stand in falling order of alignment: 8 bytes, 4 bytes, 2 bytes, then variable width.

-- Messages: one row per SIP message. No unique key (bus positions make storage exactly-once), no
-- default partition (it would forbid DETACH CONCURRENTLY); rows without a leaf go to the stray table.
create table hepscope.sip (
  time timestamptz not null,
  received_at timestamptz not null,
  capture_time timestamptz,
  id bigint not null,
  cseq bigint,
  source_port int,
  destination_port int,
  node_id bigint,
  class smallint not null,
  status smallint,
  protocol_type smallint,
  ip_protocol smallint,
  transport smallint not null,
  hep_version smallint,
  flags smallint not null default 0,
  payload_codec smallint not null default 0,
  source inet,
  destination inet,
  call_id text not null default '',
  correlation_id text,
  method text,
  cseq_method text,
  reason text,
  ruri_user text,
  ruri_domain text,
  from_user text,
  from_domain text,
  from_tag text,
  to_user text,
  to_domain text,
  to_tag text,
  user_agent text,
  via_branch text,
  node text,
  fault text,
  extra jsonb,
  payload bytea
) partition by list (class);
create table hepscope.sip_call partition of hepscope.sip for values in (1) partition by range (time);
create table hepscope.sip_registration partition of hepscope.sip for values in (2) partition by range (time);
create table hepscope.sip_other partition of hepscope.sip for values in (3) partition by range (time);
create index sip_time on hepscope.sip using brin (time) with (pages_per_range = 128);
create index sip_call_id on hepscope.sip (call_id);
create table hepscope.sip_stray (like hepscope.sip including defaults);
create index sip_stray_call_id on hepscope.sip_stray (call_id);
create index sip_stray_received on hepscope.sip_stray (received_at);

-- Packets: every other HEP type, kept as it came.
create table hepscope.packet (
  time timestamptz not null,
  received_at timestamptz not null,
  capture_time timestamptz,
  id bigint not null,
  source_port int,
  destination_port int,
  node_id bigint,
  class smallint not null,
  protocol_type smallint,
  ip_protocol smallint,
  hep_version smallint,
  flags smallint not null default 0,
  payload_codec smallint not null default 0,
  source inet,
  destination inet,
  call_id text not null default '',
  correlation_id text,
  node text,
  extra jsonb,
  payload bytea
) partition by list (class);
create table hepscope.packet_media partition of hepscope.packet for values in (1) partition by range (time);
create table hepscope.packet_log partition of hepscope.packet for values in (2) partition by range (time);
create table hepscope.packet_other partition of hepscope.packet for values in (3) partition by range (time);
create index packet_time on hepscope.packet using brin (time) with (pages_per_range = 128);
create index packet_call_id on hepscope.packet (call_id);
create table hepscope.packet_stray (like hepscope.packet including defaults);
create index packet_stray_call_id on hepscope.packet_stray (call_id);
create index packet_stray_received on hepscope.packet_stray (received_at);

-- Calls: one row per Call-ID, of any method. key_time is the time of the first message stored, frozen.
-- finals holds, per CSeq method, the winning final response: {"INVITE": [key, "Busy Here"]}, whose
-- low 10 bits are the status code.
create table hepscope.call (
  key_time timestamptz not null,
  started_at timestamptz not null,
  last_at timestamptz not null,
  invite_at timestamptz,
  ringing_at timestamptz,
  progress_at timestamptz,
  answered_at timestamptz,
  cancelled_at timestamptz,
  bye_at timestamptz,
  origin_key bigint not null,
  bytes bigint not null default 0,
  message_count int not null default 0,
  invite_count int not null default 0,
  source_port int,
  destination_port int,
  flags int not null default 0,
  methods int not null default 0,
  worst_mos real,
  worst_loss real,
  worst_jitter real,
  status smallint generated always as (((finals -> method -> 0)::bigint & 1023)::smallint) stored,
  finals jsonb not null default '{}',
  reason text generated always as (finals -> method ->> 1) stored,
  call_id text not null,
  method text,
  from_user text,
  from_domain text,
  to_user text,
  to_domain text,
  ruri_user text,
  ruri_domain text,
  user_agent text,
  source inet,
  destination inet,
  nodes text[],
  primary key (call_id, key_time)
) partition by range (key_time);
create index call_started on hepscope.call (started_at);
create index call_from on hepscope.call (from_user text_pattern_ops, started_at);
create index call_to on hepscope.call (to_user text_pattern_ops, started_at);
create index call_source on hepscope.call (source, started_at);
create index call_failed on hepscope.call (started_at) where status >= 400;

-- Registrations: one row per Call-ID and day of the message (UTC midnight), joined when read.
create table hepscope.registration (
  day timestamptz not null,
  started_at timestamptz not null,
  last_at timestamptz not null,
  registered_at timestamptz,
  origin_key bigint not null,
  message_count int not null default 0,
  expires int,
  source_port int,
  destination_port int,
  status smallint generated always as (((finals -> 'REGISTER' -> 0)::bigint & 1023)::smallint) stored,
  finals jsonb not null default '{}',
  reason text generated always as (finals -> 'REGISTER' ->> 1) stored,
  call_id text not null,
  aor_user text,
  aor_domain text,
  contact text,
  user_agent text,
  source inet,
  destination inet,
  nodes text[],
  primary key (call_id, day)
) partition by range (day);
create index registration_started on hepscope.registration (started_at);
create index registration_aor on hepscope.registration (aor_user text_pattern_ops, started_at);

create table hepscope.party (
  value text primary key,
  last_day date not null
) with (fillfactor = 80);

create table hepscope.node (
  name text primary key,
  node_id bigint,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  hep_version smallint,
  packet_count bigint not null default 0
);

-- Where each bus partition stands. epoch rises with each take-over and fences the previous owner.
create table hepscope.bus_position (
  bus_id text not null,
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  epoch bigint not null default 0,
  owner text,
  updated_at timestamptz not null default now(),
  primary key (bus_id, topic, partition)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- How each partitioned table is cut and kept. Times below floor are expired: no leaf is made there.
-- drop_order is what the disk budget drops first, down to minimum_keep; storage are the options of
-- a new leaf.
create table hepscope.partition_policy (
  root regclass primary key,
  width interval not null check (width >= '1 minute'),
  ahead interval not null,
  keep interval not null,
  minimum_keep interval not null default '1 day',
  floor timestamptz not null default '-infinity',
  drop_order smallint not null default 0,
  storage text not null default ''
);

create table hepscope.meta (
  key text primary key,
  value jsonb not null
);
