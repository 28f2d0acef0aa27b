do $$
begin
  if not hepscope.roles_in_force() then
    return;
  end if;
  grant usage on schema hepscope to hepscope_writer, hepscope_reader, hepscope_maintainer;
  grant select on all tables in schema hepscope to hepscope_writer, hepscope_reader;
  grant insert on hepscope.sip_stray, hepscope.packet_stray to hepscope_writer;
  grant insert, update on hepscope.party, hepscope.node, hepscope.bus_position, hepscope.meta to hepscope_writer;
  grant insert, update on hepscope.sip, hepscope.packet, hepscope.call, hepscope.registration to hepscope_writer;
  grant execute on function hepscope.ensure_partition(regclass, timestamptz, timestamptz),
    hepscope.summarize_leaf(text) to hepscope_writer;
end $$;
