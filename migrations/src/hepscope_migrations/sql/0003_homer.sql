-- Views with the names, columns and JSON keys of HOMER 7, for panels and scripts that know those:
-- search_path decides. sid and create_date are columns of our tables, so a Call-ID finds its index
-- and a range of time its partitions. Rows without a partition are included.

-- Payload that is not text: each byte that is neither UTF-8 nor anything PostgreSQL can hold shows
-- as U+FFFD; never raises. The bytes travel as LATIN1, one character each; \357\277\275 is U+FFFD.
create or replace function homer.odd_text(payload bytea) returns text
language sql immutable strict parallel safe set search_path = pg_catalog as $$
  select convert_from(convert_to(coalesce(string_agg(
      case when part[1] is null then convert_from('\xefbfbd', 'LATIN1') else part[1] end, '' order by n), ''),
      'LATIN1'), 'UTF8')
  from regexp_matches(
    convert_from(decode(replace(replace(encode(payload, 'escape'), '\\', '\134'),
      '\000', '\357\277\275'), 'escape'), 'LATIN1'),
    '((?:[\u0001-\u007f]|[\u00c2-\u00df][\u0080-\u00bf]|\u00e0[\u00a0-\u00bf][\u0080-\u00bf]'
    '|[\u00e1-\u00ec\u00ee\u00ef][\u0080-\u00bf]{2}|\u00ed[\u0080-\u009f][\u0080-\u00bf]'
    '|\u00f0[\u0090-\u00bf][\u0080-\u00bf]{2}|[\u00f1-\u00f3][\u0080-\u00bf]{3}'
    '|\u00f4[\u0080-\u008f][\u0080-\u00bf]{2})+)|(.)', 'g') with ordinality as u (part, n)
$$;

-- Headers without a column, by name; of a repeated one the last, as HOMER keeps it. pid_user is the
-- user of P-Asserted-Identity.
create or replace function homer.custom_headers(extra jsonb) returns jsonb
language sql immutable strict parallel safe set search_path = pg_catalog as $$
  select coalesce(jsonb_object_agg(name, value), '{}') || case when extra ? 'P-Asserted-Identity'
      then jsonb_build_object('pid_user', coalesce(substring(
        coalesce(extra -> 'P-Asserted-Identity' ->> -1, extra ->> 'P-Asserted-Identity')
        from '(?:sips?|tel):([^@;>]*)'), ''))
      else '{}' end
  from (
    select key, case jsonb_typeof(value) when 'array' then value -> -1 else value end
    from jsonb_each(extra) where key not like 'hep:%'
  ) as header (name, value)
$$;

-- Type 54 carries JSON; what is none gives no keys.
create or replace function homer.isup_header(payload bytea) returns jsonb
language plpgsql immutable parallel safe set search_path = pg_catalog as $$
declare
  j jsonb;
begin
  j := convert_from(payload, 'UTF8')::jsonb;
  return jsonb_build_object('cic', j -> 'cic', 'dpc', j -> 'dpc', 'opc', j -> 'opc',
    'msg_name', coalesce(j ->> 'msg_name', ''),
    'called_number', coalesce(j #>> '{called_number,num}', ''),
    'calling_number', coalesce(j #>> '{calling_number,num}', ''));
exception when data_exception or program_limit_exceeded then
  return '{}';
end $$;

do $views$
declare
  -- The packet's own time as far as it can be one, in create_date's place where that was replaced.
  moment constant text := $sql$case when capture_time >= '2000-01-01 00:00:00+00'
      and capture_time < '2071-01-01 00:00:00+00' then capture_time else time end$sql$;
  columns constant text := $sql$
    m.id, m.call_id as sid, m.time as create_date,
    jsonb_build_object(
      'protocolFamily', case family(coalesce(m.source, m.destination)) when 6 then 10 else 2 end,
      'protocol', coalesce(m.ip_protocol, 0),
      'srcIp', coalesce(host(m.source), ''), 'dstIp', coalesce(host(m.destination), ''),
      'srcPort', coalesce(m.source_port, 0), 'dstPort', coalesce(m.destination_port, 0),
      'timeSeconds', extract(epoch from date_trunc('second', m.moment))::bigint,
      'timeUseconds', extract(microseconds from m.moment)::bigint %% 1000000,
      'payloadType', coalesce(m.protocol_type, 0),
      'captureId', coalesce(m.node, m.node_id::text, ''),
      'correlation_id', coalesce(m.correlation_id, m.call_id)) as protocol_header,
    %s as data_header,
    case when m.payload_codec <> 0 then null
      when m.flags & 1 = 0 then convert_from(m.payload, 'UTF8')
      else homer.odd_text(m.payload) end as raw$sql$;
  sip_header constant text := $sql$
    case when m.extra is null then '{}' else homer.custom_headers(m.extra) end || jsonb_build_object(
      'callid', m.call_id, 'method', coalesce(m.method, m.status::text, ''),
      'cseq', coalesce(m.cseq || ' ' || m.cseq_method, ''),
      'ruri_user', coalesce(m.ruri_user, ''), 'ruri_domain', coalesce(m.ruri_domain, ''),
      'from_user', coalesce(m.from_user, ''), 'from_domain', coalesce(m.from_domain, ''),
      'from_tag', coalesce(m.from_tag, ''),
      'to_user', coalesce(m.to_user, ''), 'to_domain', coalesce(m.to_domain, ''),
      'to_tag', coalesce(m.to_tag, ''), 'user_agent', coalesce(m.user_agent, ''))$sql$;
  other_header constant text := $sql$jsonb_build_object('node', coalesce(m.node, ''), 'proto',
      case m.protocol_type when 5 then 'rtcp' when 34 then 'rtpagent' when 35 then 'rtcpxr'
        when 38 then 'horaclifix' when 53 then 'dns' when 54 then 'isup' when 100 then 'log'
        else coalesce(m.protocol_type::text, '') end)$sql$;
  isup_header constant text := $sql$homer.isup_header(m.payload) || jsonb_build_object('callid', m.call_id)$sql$;
  made record;
begin
  for made in
    select * from (values
      ('1_call', 'sip_call', 'sip_stray', 'class = 1', sip_header),
      ('1_registration', 'sip_registration', 'sip_stray', 'class = 2', sip_header),
      ('1_default', 'sip_other', 'sip_stray', 'class = 3', sip_header),
      ('5_default', 'packet_media', 'packet_stray', 'protocol_type = 5', other_header),
      ('34_default', 'packet_media', 'packet_stray', 'protocol_type = 34', other_header),
      -- HOMER's table of every type that has no other, each with its true payloadType.
      ('35_default', 'packet', 'packet_stray', 'protocol_type not in (5, 53, 54, 100)', other_header),
      ('53_default', 'packet_other', 'packet_stray', 'protocol_type = 53', other_header),
      ('54_default', 'packet_other', 'packet_stray', 'protocol_type = 54', isup_header),
      ('100_default', 'packet_log', 'packet_stray', 'protocol_type = 100', other_header)
    ) as v (name, root, stray, condition, header)
  loop
    -- Partitions and strays are joined below everything that is computed, so that the newest rows
    -- are sorted out before any JSON is made.
    execute format(
      'create or replace view homer.%I as select %s from (select *, %s as moment'
      ' from (select * from hepscope.%I union all select * from hepscope.%I) u where %s) m',
      'hep_proto_' || made.name, format(columns, made.header), moment,
      made.root, made.stray, made.condition);
  end loop;
end $views$;

do $$
begin
  if hepscope.roles_in_force() then
    grant usage on schema homer to hepscope_reader;
    grant select on all tables in schema homer to hepscope_reader;
  end if;
end $$;
